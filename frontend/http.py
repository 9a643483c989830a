"""What pages share about requests and answers."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.encoding import iri_to_uri
from django_htmx.middleware import HtmxDetails

from accounts.models import Membership, Tenant, User
from accounts.refusals import Refused
from accounts.spreadsheets import as_csv
from accounts.streams import TenantStream
from frontend.views import errors
from strategy.models import Deal
from strategy.queries import deal as find_deal

#: At the beginning of a file it tells spreadsheets that it is UTF-8.
MARK = "\ufeff"


class SignedRequest(HttpRequest):
    """A request of somebody who has signed in: what @signed_in() guarantees to the view below it."""

    htmx: HtmxDetails
    user: User


class TenantRequest(SignedRequest):
    """A signed-in member's request: what @may() guarantees to the view below it."""

    tenant: Tenant
    membership: Membership


def key_of(text: str) -> UUID | None:
    """The key that an address or a form carries; None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None


def deal_or_404(key: UUID) -> Deal:
    """The deal of an address; one of another organisation does not exist."""
    try:
        return find_deal(key)
    except Deal.DoesNotExist as error:
        raise Http404(key) from error


def more_url(request: HttpRequest, after: object | None) -> str:
    """The address of the next rows of a list, after its last one; empty where there are no more."""
    if after is None:
        return ""
    query = request.GET.copy()
    query["after"] = str(after)
    return f"{request.path}?{query.urlencode()}"


def csv_file(name: str, rows: Iterable[Sequence[object]]) -> HttpResponse:
    """Rows as a file to keep."""
    return HttpResponse(MARK + as_csv(rows), **_as_file(name))


def long_csv_file(name: str, parts: Iterable[Iterable[Sequence[object]]]) -> TenantStream:
    """A file of any length, sent part by part while its rows are read."""
    return TenantStream(chain([MARK], map(as_csv, parts)), **_as_file(name))


def _as_file(name: str) -> dict[str, Any]:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return {"content_type": "text/csv; charset=utf-8", "headers": headers}


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page. Going back in the history always asks for the whole."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not htmx.history_restore_request


def page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    part: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page, or its named part when htmx asks. The view names the part; the client never does."""
    name = f"{template}#{part}" if part and wants_part(request) else template
    response = render(request, name, dict(context), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def done(request: HttpRequest, url: str, sentence: str = "", *, undo_url: str = "") -> HttpResponse:
    """On to the next page after a deed, with a toast that says what was done, and offers to take it back.

    A form that htmx sent is answered with the same way on, which the script follows.
    """
    if sentence:
        messages.success(request, sentence, extra_tags=f"undo {undo_url}" if undo_url else "")
    if wants_part(request):
        return HttpResponse(status=200, headers={"HX-Redirect": iri_to_uri(url)})
    response = redirect(url)
    response.status_code = 303
    return response


@contextmanager
def told_in(form: BaseForm) -> Iterator[None]:
    """Tell a refusal of the deed inside where the words were typed: at its fields, and over the form."""
    try:
        yield
    except Refused as refusal:
        placed = {name: told for name, told in refusal.fields.items() if name in form.fields}
        for name, told in placed.items():
            form.add_error(name, told)
        if not placed:
            form.add_error(None, str(refusal))


class CompressionMiddleware(GZipMiddleware):
    """Sends pages compressed: a list of deals is a tenth of its size.

    Django adds bytes of random length, so that the size tells nothing of the form token inside. Programs read
    many small answers and pay for compression in time, so theirs are left alone.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path_info.startswith("/api/v"):
            return response
        return super().process_response(request, response)  # type: ignore[arg-type, no-any-return, unused-ignore]


class RefusalMiddleware:
    """Answers a deed that was refused outside of a form: a page, or a toast for a part of a page.

    So is a page that was asked for in a way it does not answer, which Django would leave empty.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not request.path_info.startswith("/api/"):
            return errors.not_allowed(request, response["Allow"])
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refused) or request.path.startswith("/api/"):
            return None
        if wants_part(request):
            return render(request, "parts/refused.html", {"sentence": str(exception)}, status=422)
        if exception.status == 403:
            return errors.forbidden(request)
        if exception.status == 404:
            return errors.not_found(request)
        return errors.conflict(request, str(exception), status=exception.status)
