"""Questions to customers about their next years: on their company's page, and all of them by theme."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts.permissions import allows
from accounts.reading import Position
from accounts.refusals import Invalid
from frontend import words
from frontend.access import may
from frontend.forms.plans import ConversationForm, ThemeFilterForm
from frontend.http import TenantRequest, done, key_of, more_url, page, told_in
from frontend.parts import Action, Crumb
from outcomes.models import Conversation, ConversationDeal
from outcomes.plan_listings import CONVERSATIONS
from outcomes.queries import plans as queries
from outcomes.services import conversations
from strategy.models import Company, Deal

ROWS = 30


@dataclass(frozen=True, kw_only=True)
class TalkLine:
    """A conversation in words."""

    question: str
    url: str
    company: str
    company_url: str
    about: str
    when: str
    is_asked: bool
    heard: str
    themes: list[tuple[str, str]]
    deal: str = ""
    deal_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One of the six prompts, with the questions to a company that it led to, and the way to one more."""

    words: str
    lines: list[TalkLine]
    add: Action | None


def part(request: TenantRequest, company: Company) -> dict[str, Any]:
    """What the part “Their next years” of a company's page shows: the six prompts, each with its questions."""
    slug, today = request.tenant.slug, request.tenant.day_of(timezone.now())
    may_ask = allows(request.membership, "company.edit")
    found = queries.conversations_with(company.pk)
    url = reverse("question-new", args=[slug, company.pk])
    return {
        "asks": [
            Ask(
                words=str(prompt.label),
                lines=[line(one, slug=slug, today=today, is_open=may_ask) for one in found if one.row.prompt == prompt],
                add=Action(words=gettext("Keep a question"), url=f"{url}?prompt={prompt}", icon="plus")
                if may_ask
                else None,
            )
            for prompt in Conversation.Prompt
        ]
    }


def line(talk: queries.Talk, *, slug: str, today: date, is_open: bool) -> TalkLine:
    """is_open: whether the reader may say what became of it; the others read it."""
    row = talk.row
    by_theme = reverse("conversations", args=[slug])
    horizon = Conversation.Horizon(row.horizon).label
    about = [gettext("Ask {name}").format(name=row.contact_name)] if row.contact_name and not row.asked_on else []
    about += [gettext("Asked {name}").format(name=row.contact_name)] if row.contact_name and row.asked_on else []
    return TalkLine(
        question=row.question,
        url=reverse("conversation", args=[slug, row.key]) if is_open else "",
        company=row.company_name,
        company_url=reverse("company", args=[slug, row.company]),
        about=" · ".join([*about, str(horizon), row.member_name]),
        when=gettext("Asked {day}").format(day=words.ago(row.asked_on, today=today))
        if row.asked_on
        else gettext("Not asked yet"),
        is_asked=row.asked_on is not None,
        heard=row.heard,
        themes=[(name, f"{by_theme}?{urlencode({'theme': name})}") for name in row.themes],
        deal=talk.deal[1] if talk.deal else "",
        deal_url=reverse("deal", args=[slug, talk.deal[0]]) if talk.deal else "",
    )


@require_GET
@may("company.see")
def listing(request: TenantRequest) -> HttpResponse:
    """All conversations, the newest first, or those with one theme."""
    slug, today = request.tenant.slug, request.tenant.day_of(timezone.now())
    form, may_ask = ThemeFilterForm(request.GET), allows(request.membership, "company.edit")
    theme = form.cleaned_data.get("theme", "") if form.is_valid() else ""
    after = key_of(request.GET.get("after", ""))
    narrowed = {"theme": theme.casefold()[:60]} if theme else {}
    rows = CONVERSATIONS.page(limit=ROWS + 1, after=Position(None, after) if after else None, **narrowed)
    found = queries.talks(rows[:ROWS])
    context = {
        "title": gettext("Questions about later"),
        "lede": gettext("What customers face in their next years, and what we heard."),
        "crumbs": [
            Crumb(words=gettext("Plan"), url=reverse("plan", args=[slug])),
            Crumb(words=gettext("Questions about later")),
        ],
        "form": form,
        "theme": theme,
        "themes": queries.themes_in_use(),
        "lines": [line(one, slug=slug, today=today, is_open=may_ask) for one in found],
        "more_url": more_url(request, rows[ROWS - 1].key if len(rows) > ROWS else None),
        "companies": Action(words=gettext("Choose a company"), url=reverse("companies", args=[slug])),
    }
    return page(request, "plans/conversations.html", context, part="more" if after else "")


@require_http_methods(["GET", "POST"])
@may("company.edit")
def new(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Keep a question to a company."""
    company = Company.objects.filter(pk=pk, merged_into=None).first()
    if company is None:
        raise Http404(pk)
    prompt = request.GET.get("prompt", "")
    prompt = prompt if prompt in Conversation.Prompt.values else ""
    form = ConversationForm(request.POST or None, company=company, prompt=prompt)
    if form.is_bound and form.is_valid():
        with themes_told_in(form):
            conversations.keep_question(company=company, actor=request.membership, at=timezone.now(), **form.given())
            return done(request, company_url(request, company), gettext("The question is kept"))
    return form_page(request, form, company, title=gettext("A question to {name}").format(name=company.name))


@require_http_methods(["GET", "POST"])
@may("company.edit")
def edit(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Say that it was asked, what was heard, and what came of it."""
    talk = Conversation.objects.select_related("company", "contact").filter(pk=pk).first()
    if talk is None:
        raise Http404(pk)
    became = ConversationDeal.objects.select_related("deal").filter(conversation=talk).first()
    deal: Deal | None = became.deal if became else None
    asked_on = request.tenant.day_of(timezone.now()) if "asked" in request.GET else None
    form = ConversationForm(request.POST or None, company=talk.company, talk=talk, deal=deal, asked_on=asked_on)
    if form.is_bound and form.is_valid():
        with themes_told_in(form):
            version = form.cleaned_data["version"]
            conversations.change_conversation(
                talk=talk, actor=request.membership, at=timezone.now(), version=version, **form.given()
            )
            return done(request, company_url(request, talk.company), gettext("Saved"))
    title = gettext("A question to {name}").format(name=talk.company.name)
    return form_page(request, form, talk.company, title=title)


def company_url(request: TenantRequest, company: Company) -> str:
    return f"{reverse('company', args=[request.tenant.slug, company.pk])}#later-h"


@contextmanager
def themes_told_in(form: ConversationForm) -> Iterator[None]:
    """As `told_in`; what stands against a theme is told at the first of their boxes."""
    with told_in(form):
        try:
            yield
        except Invalid as refusal:
            refusal.fields = {
                form.boxes[0] if name == "themes" else name: told for name, told in refusal.fields.items()
            }
            raise


def form_page(request: TenantRequest, form: ConversationForm, company: Company, *, title: str) -> HttpResponse:
    context = {
        "title": title,
        "crumbs": [
            Crumb(words=gettext("Companies"), url=reverse("companies", args=[request.tenant.slug])),
            Crumb(words=company.name, url=company_url(request, company)),
            Crumb(words=gettext("Question")),
        ],
        "form": form,
        "themes": queries.themes_in_use(),
        "back_url": company_url(request, company),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return page(request, "plans/conversation.html", context, status=status)
