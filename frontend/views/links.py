"""The page behind the link with which a customer is asked: outside of every organisation, without a sign-in."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, UnreadablePostError
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.api.limits import visitor
from accounts.days import day_of_year
from accounts.integrations.limits import Bucket, Limit, take
from accounts.queries import is_member
from accounts.tenancy.scope import tenant_scope
from frontend import plan_link
from frontend.access import public
from frontend.forms.links import CAUSES, CorrectionForm, LinkForm, MoreForm, PressForm, ReasonForm, new_key
from frontend.forms.plan_link import ProposalForm
from frontend.http import told_in
from frontend.parts import Tab
from outcomes import services
from outcomes.languages import DEFAULT, LANGUAGES
from outcomes.models import Confirmation, ConfirmationAnswer
from outcomes.queries import confirmations as links
from outcomes.queries import plans
from outcomes.services.answers import is_alive
from outcomes.services.step_proposals import propose_by_link
from outcomes.words_for_customers import first_name

Purpose, Said = Confirmation.Purpose, ConfirmationAnswer.Said

#: Of an address in a minute: an office behind one address reads and answers, and nobody tries secrets.
LIMIT = Limit("links", 120)


# The secret in the address is the credential, and no cookie is: whoever forges a post here knows it already.
@csrf_exempt
@public(because="who holds the link is asked")
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, secret: str) -> HttpResponse:
    """Asks one person one thing. Reading it changes nothing: scanners of mail open links, too."""
    standings = take([Bucket(LIMIT, f"links:from:{visitor(request)}")])
    wait = max((one.wait for one in standings), default=0)
    if wait:
        with translation.override(language_of(request, "")):
            return too_often(request, wait)
    found = links.link_behind(secret)
    if found is None:
        with translation.override(language_of(request, "")):
            return private(unknown(request))
    with suppress(UnreadablePostError):  # before a transaction begins, which does not wait for a slow sender
        _ = request.POST
    with tenant_scope(found.tenant_id, read_only=request.method != "POST"):
        asked = links.confirmation(found.confirmation_id)
        with translation.override(language_of(request, asked.language)), timezone.override(asked.asked_by.tenant.zone):
            if not is_alive(asked, timezone.now()):
                return private(over(request, asked))
            if request.user.is_authenticated and is_member(request.user):
                return private(ours(request, asked))
            try:
                return private(answered(request, asked, secret) if request.method == "POST" else shown(request, asked))
            except services.LinkOver:  # while the page was read
                return private(over(request, asked))


def language_of(request: HttpRequest, asked_in: str) -> str:
    """The language that the reader chose on the page, else that in which they are asked, else their browser's."""
    chosen = request.GET.get("lang", "")
    if chosen in LANGUAGES:
        return chosen
    if asked_in in LANGUAGES:
        return asked_in
    read = (
        wanted.partition("-")[0] for wanted, _ in parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    )
    return next((str(one) for one in read if one in LANGUAGES), DEFAULT)


def private(response: HttpResponse) -> HttpResponse:
    """Nobody keeps it, lists it, or is told its address."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def told(request: HttpRequest, *, heading: str, sentence: str, status: int) -> HttpResponse:
    """A page with one finding and nothing else."""
    context = {"title": heading, "sentence": sentence, "languages": languages(request, {})}
    return render(request, "links/told.html", context, status=status)


def too_often(request: HttpRequest, wait: float) -> HttpResponse:
    response = told(
        request,
        heading=gettext("Too many requests"),
        sentence=gettext("Many pages were asked for from your network. Wait a minute and try again."),
        status=HTTPStatus.TOO_MANY_REQUESTS,
    )
    response.headers["Retry-After"] = str(int(wait) + 1)
    return private(response)


def unknown(request: HttpRequest) -> HttpResponse:
    return told(
        request,
        heading=gettext("This link does not work"),
        sentence=gettext(
            "Perhaps a part of it was lost on the way. Open it from the letter again, or ask who sent it."
        ),
        status=HTTPStatus.NOT_FOUND,
    )


def over(request: HttpRequest, asked: Confirmation) -> HttpResponse:
    """Who asked is named while the link only expired; one that was taken back says nothing of anybody."""
    if asked.revoked_at is not None:
        sentence = gettext("It was taken back by who sent it. There is nothing for you to do.")
    else:
        sentence = gettext("Its time is over. If you still want to answer, write to {asker}, {seller}.").format(
            asker=asked.asked_by.name, seller=asked.asked_by.tenant.name
        )
    return told(
        request, heading=gettext("This link does not work any longer"), sentence=sentence, status=HTTPStatus.GONE
    )


def ours(request: HttpRequest, asked: Confirmation) -> HttpResponse:
    """The browser is that of somebody who asks: what it said would not be the customer's, and nor is that it looked."""
    sentence = gettext(
        "You are signed in as a member of {seller}, so an answer from this browser would not be the customer’s."
        " The link works in the browser of {name}."
    ).format(seller=asked.asked_by.tenant.name, name=asked.to_name)
    return told(
        request, heading=gettext("Only the customer answers here"), sentence=sentence, status=HTTPStatus.FORBIDDEN
    )


def shown(request: HttpRequest, asked: Confirmation) -> HttpResponse:
    """The question, or what was answered while nobody wants to answer anew."""
    last = links.last_answer(asked)
    if last is None or "again" in request.GET:
        return question(request, asked)
    return thanks(request, asked, last, MoreForm(asked=asked, last=last, initial={"key": new_key(asked)}))


def question(
    request: HttpRequest, asked: Confirmation, form: LinkForm | None = None, *, status: int = HTTPStatus.OK
) -> HttpResponse:
    if form is None and asked.purpose == Purpose.END_REASON:
        form = ReasonForm(asked=asked, initial={"key": new_key(asked)})
    context = facts(request, asked) | {"form": form, "key": new_key(asked), "lede": lede(asked)}
    if asked.purpose == Purpose.PLAN:
        context["steps"] = steps_of(asked)
    return render(request, f"links/{asked.purpose}.html", context, status=status)


def is_proposal(asked: Confirmation, last: ConfirmationAnswer) -> bool:
    """Whether the words of an answer are ours: they changed a plan, and what they propose stands beside its steps."""
    return asked.purpose == Purpose.PLAN and last.said == Said.NEARLY


def steps_of(asked: Confirmation) -> list[plan_link.SharedStep]:
    """The plan as it stands today."""
    today = asked.asked_by.tenant.day_of(timezone.now())
    return plan_link.shared(plans.shared_plan(asked), today=today)


def became_of(asked: Confirmation) -> str:
    """What the seller did with the changes that were proposed; nothing while some of them wait."""
    waiting, taken, proposed = plans.settled_of(asked)
    if waiting or not proposed:
        return ""
    seller = asked.asked_by.tenant.name
    if taken == proposed:
        return gettext("{seller} has taken over what you proposed.").format(seller=seller)
    return gettext("{seller} has taken over {taken} of {proposed} changes that you proposed.").format(
        seller=seller, taken=taken, proposed=proposed
    )


def correction(request: HttpRequest, asked: Confirmation, form: LinkForm, *, status: int) -> HttpResponse:
    """The statement for editing: a step of its own, so that it works without script."""
    return render(request, "links/correction.html", facts(request, asked) | {"form": form}, status=status)


def thanks(
    request: HttpRequest, asked: Confirmation, last: ConfirmationAnswer, form: LinkForm, *, status: int = HTTPStatus.OK
) -> HttpResponse:
    """What was recorded, room for more, and the way to another answer."""
    context = facts(request, asked) | {
        "last": last,
        "form": form,
        "title": gettext("Thank you"),
        "recorded": recorded(asked, last),
        "quoted": quoted(asked, last),
        "cause": dict(CAUSES).get(last.cause, ""),  # type: ignore[call-overload]
    }
    if asked.purpose == Purpose.PLAN:
        became = became_of(asked) if is_proposal(asked, last) else ""
        context |= {"steps": steps_of(asked), "is_proposal": is_proposal(asked, last), "became": became}
    return render(request, "links/thanks.html", context, status=status)


def facts(request: HttpRequest, asked: Confirmation) -> dict[str, Any]:
    """What every step says of the question."""
    member = asked.asked_by
    here = request.path
    chosen = f"?lang={translation.get_language()}"
    return {
        "asked": asked,
        "asker": gettext("{asker}, {seller}").format(asker=member.name, seller=member.tenant.name),
        "seller": member.tenant.name,
        "title": heading(asked),
        "here": f"{here}{chosen}",
        "again_url": f"{here}{chosen}&again=1",
        "until": written(asked, member.tenant.day_of(asked.expires_at)),
        "languages": languages(request, {"again": "1"} if "again" in request.GET else {}),
    }


def written(asked: Confirmation, when: Any) -> str:
    return day_of_year(when, today=asked.asked_by.tenant.day_of(timezone.now()))


def heading(asked: Confirmation) -> str:
    said = {
        Purpose.MILESTONE: gettext("{first}, did we get this right?"),
        Purpose.END_REASON: gettext("{first}, why did you decide as you did?"),
        Purpose.PLAN: gettext("{first}, is this our plan?"),
    }
    return said[Purpose(asked.purpose)].format(first=first_name(asked.to_name), name=asked.to_name)


def lede(asked: Confirmation) -> str:
    """Why they are asked."""
    if asked.purpose == Purpose.END_REASON:
        return gettext("We would like to learn from your decision. Your answer stands beside our own view of it.")
    if asked.purpose == Purpose.PLAN:
        return gettext("This is the plan that we believe we share. It counts only if you say so.")
    if asked.stated_on is None:
        return gettext("We wrote down what we believe you agreed. It counts only if you say so.")
    return gettext("We wrote down what we believe you agreed on {day}. It counts only if you say so.").format(
        day=written(asked, asked.stated_on)
    )


def recorded(asked: Confirmation, last: ConfirmationAnswer) -> str:
    """What is on record, and of whom it is known: not who they are, but what they held."""
    tenant = asked.asked_by.tenant
    if is_proposal(asked, last):
        return gettext("A change of the plan was proposed.")
    known = {"holder": holder(asked), "day": written(asked, tenant.day_of(last.answered_at))}
    said = {
        Said.YES: gettext("We recorded on {day}: {holder} says that this is right."),
        Said.NEARLY: gettext("We recorded on {day}: {holder} says that it reads like this."),
        Said.NO: gettext("We recorded on {day}: {holder} says that this was not agreed."),
    }
    if not last.said:
        return gettext("We recorded on {day} the reason that {holder} gave.").format(**known)
    return said[Said(last.said)].format(**known)


def holder(asked: Confirmation) -> str:
    """Of whom an answer is known: of the one that a letter reached, or of anybody who was handed the link."""
    if asked.channel == asked.Channel.MAIL:
        return gettext("the holder of the link sent to {to}").format(to=asked.to_email)
    return gettext("the holder of a copied link made for {to}").format(to=asked.to_name)


def quoted(asked: Confirmation, last: ConfirmationAnswer) -> str:
    """What was said word for word: by them, or by us where they agreed. A plan stands there as it is by now."""
    if asked.purpose == Purpose.PLAN:
        return ""
    return last.words or (asked.statement if last.said == Said.YES else "")


def languages(request: HttpRequest, kept: dict[str, str]) -> list[Tab]:
    """The same page in the other languages."""
    more = "".join(f"&{name}={value}" for name, value in kept.items())
    return [
        Tab(words=name, url=f"{request.path}?lang={code}{more}", chosen=code == translation.get_language(), key=code)
        for code, name in LANGUAGES.items()
    ]


def answered(request: HttpRequest, asked: Confirmation, secret: str) -> HttpResponse:
    """What the reader pressed."""
    pressed = request.POST.get("a", "")
    if pressed == "opened":
        services.note_opening(confirmation=asked, at=timezone.now())
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    if pressed == "more" and (last := links.last_answer(asked)):
        return added(request, asked, last)
    if asked.purpose == Purpose.END_REASON:
        return reasoned(request, asked)
    if pressed == Said.NEARLY:
        return proposed(request, asked) if asked.purpose == Purpose.PLAN else corrected(request, asked)
    form = PressForm(request.POST, asked=asked)
    if pressed not in (Said.YES, Said.NO):
        form.add_error(None, gettext("Choose one of the answers."))
    if form.is_valid():
        with told_in(form):
            return kept(request, asked, form, said=pressed)
    return question(request, asked, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def corrected(request: HttpRequest, asked: Confirmation) -> HttpResponse:
    """The first press opens the statement for editing; the second one keeps how it was corrected."""
    if "words" not in request.POST:
        form = CorrectionForm(asked=asked, initial={"key": new_key(asked), "words": asked.statement})
        return correction(request, asked, form, status=HTTPStatus.OK)
    form = CorrectionForm(request.POST, asked=asked)
    if form.is_valid():
        with told_in(form):
            return kept(request, asked, form, said=Said.NEARLY, words=form.cleaned_data["words"])
    return correction(request, asked, fresh(form), status=HTTPStatus.UNPROCESSABLE_ENTITY)


def proposed(request: HttpRequest, asked: Confirmation) -> HttpResponse:
    """The first press opens the steps for changes; the second one sends them to the seller as proposals."""
    steps, status = plans.shared_plan(asked), HTTPStatus.OK
    form = ProposalForm(asked=asked, steps=steps, initial={"key": new_key(asked)})
    if "new_name" in request.POST:
        form, status = ProposalForm(request.POST, asked=asked, steps=steps), HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            with told_in(form):
                propose_by_link(
                    confirmation=asked,
                    proposed=form.proposed(),
                    at=timezone.now(),
                    entry_key=form.cleaned_data["key"],
                    words=gettext("A change of the plan was proposed."),
                )
                return thanked(request)
        form = fresh(form)  # type: ignore[assignment]
    return render(request, "links/proposals.html", facts(request, asked) | {"form": form}, status=status)


def reasoned(request: HttpRequest, asked: Confirmation) -> HttpResponse:
    form = ReasonForm(request.POST, asked=asked)
    if form.is_valid():
        with told_in(form):
            return kept(request, asked, form, cause=form.cleaned_data["cause"], words=form.cleaned_data["words"])
    return question(request, asked, fresh(form), status=HTTPStatus.UNPROCESSABLE_ENTITY)


def added(request: HttpRequest, asked: Confirmation, last: ConfirmationAnswer) -> HttpResponse:
    """The last answer once more, with what they add to it; what they added before stays. Nothing added is no answer."""
    form = MoreForm(request.POST, asked=asked, last=last)
    if form.is_valid():
        comment, confidence = form.cleaned_data["comment"], form.cleaned_data.get("confidence")
        if not comment and confidence is None:
            return thanked(request)
        with told_in(form):
            return kept(
                request,
                asked,
                form,
                said=last.said,
                words=last.words,
                cause=last.cause,
                comment=comment or last.comment,
                confidence=last.confidence if confidence is None else confidence,
            )
    return thanks(request, asked, last, fresh(form), status=HTTPStatus.UNPROCESSABLE_ENTITY)


def fresh(form: LinkForm) -> LinkForm:
    """The form with a good token, where the one that came with it was none."""
    if "key" in form.errors:
        form.data = {**form.data.dict(), "key": new_key(form.asked)}  # type: ignore[attr-defined]
    return form


def kept(request: HttpRequest, asked: Confirmation, form: LinkForm, **given: Any) -> HttpResponse:
    """On to the thanks after an answer was kept."""
    services.answer(confirmation=asked, at=timezone.now(), entry_key=form.cleaned_data["key"], **given)
    return thanked(request)


def thanked(request: HttpRequest) -> HttpResponse:
    """On to the page that says what is on record."""
    return HttpResponseRedirect(f"{request.path}?lang={translation.get_language()}", status=HTTPStatus.SEE_OTHER)
