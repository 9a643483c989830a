"""Deeds on talks about a customer's next years: a question is kept, asked, and one day becomes a deal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.dispatch import receiver
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Membership
from accounts.names import NotAName, clean_name
from accounts.permissions import require
from accounts.refusals import Invalid
from outcomes.models import Conversation, ConversationDeal, ConversationTheme, Theme
from outcomes.services.plan_facts import (
    at_company,
    held,
    moved_back,
    moved_rows,
    refuse_stale,
    said,
    sensible,
    store,
    write,
)
from strategy.models import Company, Contact, Deal
from strategy.models.customers import kept
from strategy.services import refuse_merged
from strategy.signals import deals_merged, deals_parted

#: More themes than these say nothing of one talk.
MOST_THEMES = 8
LONGEST_HEARD = 5_000


def keep_question(
    *,
    company: Company,
    prompt: str,
    question: str,
    actor: Membership,
    at: datetime,
    contact: Contact | None = None,
    horizon: str = Conversation.Horizon.H3,
    asked_on: date | None = None,
    heard: str = "",
    themes: Sequence[str] = (),
    deal: Deal | None = None,
) -> Conversation:
    """Keep a question to a company, or what came of one that was asked. Raises NotAllowed, Invalid, WasMerged."""
    require(actor, "company.edit")
    company = kept(company) or company
    given = {"prompt": prompt, "question": question, "contact": contact, "horizon": horizon}
    facts = _judged(company, given | {"asked_on": asked_on, "heard": heard}, today=actor.tenant.day_of(at))
    with transaction.atomic():
        talk = Conversation.objects.create(company=company, member=actor, created_at=at, **facts)
        _put_themes(talk, themes)
        if deal is not None:
            _put_deal(talk, deal, at=at)
        audit.record(verb="conversation.kept", subject=talk, actor=actor, at=at, company=company.name)
    return talk


def change_conversation(
    *, talk: Conversation, actor: Membership, at: datetime, version: int | None = None, **given: Any
) -> Conversation:
    """Say more of a talk: that it was asked, what was heard, its `themes`, the `deal` it became. The rest stays.

    Raises NotAllowed, Invalid, PlanChangedMeanwhile, WasMerged.
    """
    require(actor, "company.edit")
    with transaction.atomic():
        talk = held(Conversation, talk)
        refuse_stale(talk, version)
        themes, deal = given.pop("themes", None), given.pop("deal", talk)
        changed = write(talk, _judged(talk.company, given, today=actor.tenant.day_of(at)))
        if themes is not None and (before := _put_themes(talk, themes)) is not None:
            changed["themes"] = [before, [theme.name for theme in talk.themes.all()]]
        if deal is not talk and _put_deal(talk, deal, at=at):
            changed["deal"] = [None, deal.name if deal else None]
        if changed:
            store(talk, [name for name in changed if name not in ("themes", "deal")])
            audit.record(
                verb="conversation.changed",
                subject=talk,
                actor=actor,
                at=at,
                company=talk.company.name,
                facts=sorted(changed),
            )
    return talk


def _judged(company: Company, given: dict[str, Any], *, today: date) -> dict[str, Any]:
    facts = dict(given)
    if "question" in facts:
        facts["question"] = said("question", facts["question"], longest=300, needed=_("Write the question down."))
    if "heard" in facts:
        facts["heard"] = said("heard", facts["heard"], longest=LONGEST_HEARD)
    if "prompt" in facts and facts["prompt"] not in Conversation.Prompt.values:
        raise Invalid(fields={"prompt": _("Choose what the question is about.")})
    if "horizon" in facts and facts["horizon"] not in Conversation.Horizon.values:
        raise Invalid(fields={"horizon": _("Choose this year, or one to three years.")})
    if "contact" in facts:
        facts["contact"] = at_company("contact", facts["contact"], company.pk)
    if (asked_on := sensible("asked_on", facts.get("asked_on"))) is not None and asked_on > today:
        raise Invalid(fields={"asked_on": _("Give a day that is not to come.")})
    return facts


def _put_themes(talk: Conversation, names: Sequence[str]) -> list[str] | None:
    """Give the talk these themes, new words among them; the ones before where they differ, else None."""
    wanted: dict[str, str] = {}
    for name in names:
        try:
            name = clean_name(name, longest=60)
        except NotAName as error:
            raise Invalid(fields={"themes": str(error)}) from error
        wanted.setdefault(name.casefold()[:60], name)
    if len(wanted) > MOST_THEMES:
        raise Invalid(fields={"themes": _("Give at most {most} themes.").format(most=MOST_THEMES)})
    before = {theme.key: theme.name for theme in talk.themes.all()}
    if before.keys() == wanted.keys():
        return None
    Theme.objects.bulk_create((Theme(name=name, key=key) for key, name in wanted.items()), ignore_conflicts=True)
    themes = list(Theme.objects.filter(key__in=wanted))
    ConversationTheme.objects.filter(conversation=talk).delete()
    ConversationTheme.objects.bulk_create(ConversationTheme(conversation=talk, theme=theme) for theme in themes)
    return list(before.values())


def _put_deal(talk: Conversation, deal: Deal | None, *, at: datetime) -> bool:
    """Name the deal that the talk became, or none; whether that is another one than before. Raises Invalid, WasMerged.

    A deal that the actor does not see stays as it is: to them there is none.
    """
    now = ConversationDeal.objects.filter(conversation=talk).first()
    if (now.deal_id if now else None) == (deal.pk if deal else None):
        return False
    if deal is not None:
        refuse_merged(deal)
        if deal.company_id not in (None, talk.company_id):
            raise Invalid(fields={"deal": _("Choose a deal with this company.")})
    if now is not None:
        now.delete()
    if deal is not None:
        ConversationDeal.objects.bulk_create(
            [ConversationDeal(conversation=talk, deal=deal, noted_at=at)], ignore_conflicts=True
        )
    return True


@receiver(deals_merged)
def follow_merge(kept: Deal, gone: Deal, **_: Any) -> dict[str, list[str]]:
    """Talks that became the deal that goes became the one that stays."""
    return moved_rows(ConversationDeal, kept, gone)


@receiver(deals_parted)
def follow_parting(kept: Deal, gone: Deal, moved: dict[str, list[str]], **_: Any) -> None:
    """Each deal has the talks again that became it."""
    moved_back(ConversationDeal, kept, gone, moved)
