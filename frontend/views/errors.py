"""The pages that say no. They touch no database and need no organisation, so that they can always be shown."""

import re

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import gettext

from frontend.context import theme_of
from frontend.parts import Action

PLAIN = '<!doctype html><meta charset="utf-8"><title>{0}</title><h1>{0}</h1><p>{1}</p><p><a href="/">{2}</a></p>'
ORGANISATION = re.compile(r"/o/[a-z0-9-]{1,40}/")


def page(
    request: HttpRequest | None,
    *,
    status: int,
    heading: str,
    sentence: str,
    action: Action,
) -> HttpResponse:
    """A full page with one finding and one way on."""
    request_id = getattr(request, "request_id", "")
    context = {
        "heading": heading,
        "sentence": sentence,
        "action": action,
        "product_name": settings.PRODUCT_NAME,
        "theme": theme_of(request) if request else "",
        "request_id": request_id,
        "request_id_words": gettext("Number of this request: {number}").format(number=request_id),
    }
    # Without the request: no context processor, no session and no query may fail a second time.
    return HttpResponse(render_to_string("error.html", context), status=status)


def home() -> Action:
    """The way on from a page that is not there."""
    return Action(words=gettext("Go to the first page"), url="/")


def organisation(request: HttpRequest) -> Action:
    """The way on inside the organisation of the address, for somebody who is known to be in it."""
    found = ORGANISATION.match(request.path_info)
    return Action(words=gettext("Go to your organisation"), url=found[0]) if found else home()


def again(request: HttpRequest) -> Action:
    """The way back to the page that failed."""
    return Action(words=gettext("Load the page again"), url=request.get_full_path())


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return too_large(request)
    return page(
        request,
        status=400,
        heading=gettext("This request cannot be read"),
        sentence=gettext("Something in it is not as the page sent it. Nothing was stored."),
        action=home(),
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page(
        request,
        status=403,
        heading=gettext("Your role does not allow this"),
        # A refusal at the door of an organisation says why; a view's is a matter of the role.
        sentence=str(exception or gettext("An owner of the organisation can give you another role.")),
        action=organisation(request),
    )


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's token is missing or too old; settings name this as CSRF_FAILURE_VIEW."""
    response = page(
        request,
        status=403,
        heading=gettext("This form is too old to be sent"),
        sentence=gettext("Nothing was stored. Go back, load the page again, and send it once more."),
        action=home(),
    )
    # The script cannot tell it from a role that does not allow something by the status alone.
    response["Refused"] = "forged"
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page(
        request,
        status=404,
        heading=gettext("There is no such page"),
        sentence=gettext("The address may be mistyped, or it belongs to an organisation you are not a member of."),
        action=home(),
    )


def not_allowed(request: HttpRequest, allowed: str = "") -> HttpResponse:
    """The address is answered, but not what was done with it: a form's address was opened like a page."""
    response = page(
        request,
        status=405,
        heading=gettext("This address is not a page"),
        sentence=gettext("A form is sent to it. Open the page where the form stands."),
        action=organisation(request),
    )
    if allowed:
        response["Allow"] = allowed
    return response


def too_large(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page(
        request,
        status=413,
        heading=gettext("This is too large to be sent"),
        sentence=gettext("Nothing was stored. Shorten it, or send it in parts."),
        action=organisation(request),
    )


def conflict(request: HttpRequest, sentence: str, status: int = 409) -> HttpResponse:
    """Somebody else was faster, or the deed is refused as things stand."""
    return page(
        request,
        status=status,
        heading=gettext("This could not be done"),
        sentence=sentence,
        action=again(request) if request.method == "GET" else organisation(request),
    )


def too_often(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Also the answer of the sign-in library, which finds it as `handler429` of the site map."""
    return page(
        request,
        status=429,
        heading=gettext("Too many tries"),
        sentence=gettext("Wait a minute, then try again. Nobody else is kept out by this."),
        action=again(request) if request.method == "GET" else home(),
    )


def failed(request: HttpRequest) -> HttpResponse:
    """A fault of ours; told in plain words where even the page cannot be made."""
    heading = gettext("Something broke on our side")
    sentence = gettext("What you sent was not stored. It has been written down for us to look at.")
    action = again(request) if request.method == "GET" else home()
    try:
        return page(request, status=500, heading=heading, sentence=sentence, action=action)
    except Exception:
        plain = (
            '<!doctype html><meta charset="utf-8"><title>{0}</title><h1>{0}</h1><p>{1}</p><p><a href="/">{2}</a></p>'
        )
        return HttpResponse(format_html(plain, heading, sentence, home().words), status=500)
