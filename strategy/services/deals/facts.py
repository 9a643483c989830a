"""What is known of a deal: its value, its expected close, who has it, what it serves, and its plain facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from babel.numbers import is_currency
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.days import long_day
from accounts.models import Membership
from accounts.permissions import allows, require
from accounts.refusals import Invalid
from accounts.visibility import sight_of
from strategy.models import Deal, DealEvent, OwnerSpan, PlanPart, PlanSpan, Stage, Strategy
from strategy.models.customers import kept
from strategy.services.customers.facts import own_differences, own_values
from strategy.services.deals.drafts import Draft, Run, drafted
from strategy.services.refusals import DealIsOver

# 10 million millions of minor units: above it somebody typed a wrong key.
LARGEST_AMOUNT = 10**15
LONGEST_NAME = 200
#: A decision that is further away is a slip of the finger.
FARTHEST = timedelta(days=50 * 366)
#: Plain facts, each with how the timeline calls its value.
PLAIN = ("name", "company", "came_from", "competitor", "is_test", "attributes")
PLAN = ("strategy", "segment", "play")
#: What `change_deal` takes.
CHANGEABLE = (*PLAIN, *PLAN, "amount", "currency", "expected_close_on", "owner")


def change_deal(
    *, deal: Deal, actor: Membership, at: datetime, on: date | None = None, version: int | None = None, **wanted: Any
) -> Deal:
    """Change what is known of a deal, each fact through its own deed, all or nothing; what is as it was is not told.

    `wanted` are some of CHANGEABLE: `amount` in minor units of `currency`, `attributes` the organisation's own facts
    (those left out stay, None takes one away), rows for the rest. `on` is the day from which it holds (today unless
    given). Raises NotAllowed, Invalid with the fields that are wrong, PeriodClosed, DealIsOver, DealMovedMeanwhile.
    """
    require(actor, "deal.move")
    with drafted(deal, actor=actor, at=at, on=on, version=version) as draft:
        plan_changes(draft, wanted)
    return deal


def plan_changes(draft: Draft, wanted: Mapping[str, Any]) -> None:
    """Plan every change that was asked for. Raises Invalid for a field that is not one of CHANGEABLE."""
    if unknown := wanted.keys() - set(CHANGEABLE):
        raise Invalid(fields=dict.fromkeys(sorted(unknown), _("This cannot be changed here.")))
    if "currency" in wanted and wanted["currency"] != draft.deal.currency:
        _plan_currency(draft, wanted["currency"])
    if "amount" in wanted:
        plan_amount(draft, wanted["amount"])
    if "expected_close_on" in wanted:
        plan_expected(draft, wanted["expected_close_on"])
    if "owner" in wanted:
        plan_owner(draft, wanted["owner"])
    if plan := {name: wanted[name] for name in PLAN if name in wanted}:
        plan_plan(draft, plan)
    if plain := {name: wanted[name] for name in PLAIN if name in wanted}:
        plan_plain(draft, plain)


def plan_amount(draft: Draft, amount: int | None) -> None:
    """Another value, now or from a day on that is not before the last one."""
    deal = draft.deal
    if amount == deal.amount:
        return
    refuse_amount(amount)
    draft.run.refuse_day(draft.on, earliest=since(draft, "amount"))
    if not deal.is_open:
        draft.run.refuse_figures(deal.closed_on, field="amount")
    was = deal.amount
    draft.set(amount=amount)
    draft.is_news |= deal.is_open
    kind = DealEvent.Kind.REPRICED if deal.is_open else DealEvent.Kind.CORRECTED
    draft.note(kind, amount=[was, amount])
    draft.tell(verb="deal.repriced", amount=[was, amount])


def _plan_currency(draft: Draft, currency: str) -> None:
    deal = draft.deal
    refuse_currency(currency)
    if deal.qualified_on is not None:
        raise Invalid(fields={"currency": _("It stays what it was at qualification, whose day gave the rate.")})
    draft.run.refuse_day(draft.on, earliest=deal.opened_on)
    was = deal.currency
    draft.set(currency=currency)
    draft.note(DealEvent.Kind.CORRECTED, currency=[was, currency])
    draft.tell(verb="deal.edited", changed={"currency": [was, currency]})


def plan_expected(draft: Draft, day: date | None) -> None:
    """Another day on which the decision is expected; each revision is kept, and a later one is a slip of its days."""
    deal, was = draft.deal, draft.deal.expected_close_on
    if day == was:
        return
    if not deal.is_open:
        raise DealIsOver(deal=deal.name)
    refuse_expected(day, opened_on=deal.opened_on, today=draft.run.today)
    draft.run.refuse_day(draft.on, earliest=since(draft, "expected_close_on"))
    draft.set(expected_close_on=day)
    draft.is_news = True
    slipped: dict[str, Any] = {"slipped_days": (day - was).days} if was and day and day > was else {}
    draft.note(DealEvent.Kind.RESCHEDULED, expected_close_on=[was, day], **slipped)
    draft.tell(verb="deal.rescheduled", day=[was and was.isoformat(), day and day.isoformat()])


def plan_owner(draft: Draft, owner: Membership | None) -> None:
    """Somebody else has the deal from the day on; who had it at qualification stays."""
    deal = draft.deal
    if owner is not None and owner.pk == deal.owner_id:
        return
    if owner is None:
        raise Invalid(fields={"owner": _("Choose somebody who sells.")})
    refuse_owner(owner, actor=draft.run.actor)
    was = deal.owner.name if deal.owner else None
    draft.run.refuse_day(draft.on, earliest=draft.run.begun(OwnerSpan, deal) or deal.opened_on)
    draft.set(owner=owner)
    draft.end(OwnerSpan, until_on=draft.on)
    draft.begun.append(OwnerSpan(deal=deal, owner=owner, from_on=draft.on))
    draft.note(DealEvent.Kind.REASSIGNED, owner=[was, owner.name])
    draft.tell(verb="deal.reassigned", owner=[was, owner.name])


def plan_plan(draft: Draft, wanted: Mapping[str, Any]) -> None:
    """Another strategy, segment or play from the day on. A part says which strategy; another strategy lets go of the
    parts of the one before."""
    deal = draft.deal
    now = {name: getattr(deal, name) for name in PLAN}
    after = {**now, **wanted}
    given = [after[name] for name in ("segment", "play") if wanted.get(name)]
    if "strategy" not in wanted and given:
        after["strategy"] = given[0].strategy
    for name in ("segment", "play"):
        part = after[name]
        if name not in wanted and part and (after["strategy"] is None or part.strategy_id != after["strategy"].pk):
            after[name] = None
    changed = {name: after[name] for name in PLAN if _key(after[name]) != _key(now[name])}
    if not changed:
        return
    _refuse_plan(changed, after["strategy"])
    draft.run.refuse_day(draft.on, earliest=draft.run.begun(PlanSpan, deal) or deal.opened_on)
    draft.set(**changed)
    draft.end(PlanSpan, until_on=draft.on)
    if any(after.values()):
        draft.begun.append(PlanSpan(deal=deal, from_on=draft.on, **after))
    told: dict[str, Any] = {name: [_said(now[name]), _said(value)] for name, value in changed.items()}
    draft.note(DealEvent.Kind.REPLANNED, **told)
    draft.tell(verb="deal.replanned", changed=told)


def plan_plain(draft: Draft, wanted: Mapping[str, Any]) -> None:
    """Facts of which only the present is kept: what they were stands in the event."""
    deal, changed = draft.deal, {}
    for name, value in wanted.items():
        now, after = getattr(deal, name), TIDIED[name](draft, value) if name in TIDIED else value
        if _key(now) != _key(after):
            changed[name] = after
    if not changed:
        return
    if "competitor" in changed and changed["competitor"] is not None and deal.end_cause != Stage.Kind.LOST:
        raise Invalid(fields={"competitor": _("Only a deal that was lost was won by a competitor.")})
    refuse_archived(draft, **changed)
    draft.run.refuse_day(draft.on, earliest=deal.opened_on)
    if "is_test" in changed:
        draft.run.refuse_figures(deal.qualified_on, field="is_test")
    if "competitor" in changed:
        draft.run.refuse_figures(deal.closed_on, field="competitor")
    told: dict[str, Any] = {name: [_said(getattr(deal, name)), _said(value)] for name, value in changed.items()}
    if "attributes" in changed:
        told["attributes"] = own_differences(deal.attributes, changed["attributes"])
    draft.set(**changed)
    draft.note(DealEvent.Kind.CORRECTED, **told)
    draft.tell(verb="deal.edited", changed=told)


def refuse_amount(amount: int | None) -> None:
    """Raises Invalid for an amount that nobody can mean."""
    if amount is not None and not 0 <= amount <= LARGEST_AMOUNT:
        raise Invalid(fields={"amount": _("Give an amount of zero or more.")})


def refuse_currency(currency: str) -> None:
    """Raises Invalid for letters that are no currency."""
    if not is_currency(currency):
        raise Invalid(fields={"currency": _("There is no such currency. Write it like EUR.")})


def refuse_expected(day: date | None, *, opened_on: date | None, today: date) -> None:
    """Raises Invalid for a decision before the deal was opened, or in a far future."""
    if day is None:
        return
    if opened_on is not None and day < opened_on:
        first = {"first": long_day(opened_on)}
        told = _("Give a day that is not before %(first)s, when it was opened.") % first
        raise Invalid(fields={"expected_close_on": told})
    if day > today + FARTHEST:
        raise Invalid(fields={"expected_close_on": _("Give a day within fifty years.")})


def refuse_archived(draft: Draft, **given: Any) -> None:
    """Raises Invalid for words that are no longer offered. A deal that has one keeps it, and may get it back."""
    if not draft.puts_back and (gone := [name for name, one in given.items() if getattr(one, "is_archived", False)]):
        raise Invalid(fields=dict.fromkeys(gone, _("This is no longer used. Choose another one.")))


def refuse_owner(owner: Membership, *, actor: Membership) -> None:
    """Raises Invalid for somebody who cannot be given a deal, or whom the actor does not see."""
    if not sight_of(actor).includes(owner.pk):
        raise Invalid(fields={"owner": _("Choose somebody whose deals you see.")})
    if not allows(owner, "deal.move"):
        raise Invalid(fields={"owner": _("Choose somebody who sells.")})


def plan_rate(draft: Draft, day: date, given: Decimal | None) -> Decimal | None:
    """The rate of a day: what was given, else what the organisation wrote down. None where nobody knows."""
    if given is None or draft.deal.currency == draft.run.actor.tenant.currency:
        return draft.run.rate(draft.deal.currency, day)
    if not 0 < given < 10**9:
        raise Invalid(fields={"rate": _("Give a rate above zero.")})
    return round(given, 8) or Decimal("0.00000001")


def _refuse_plan(changed: Mapping[str, Any], strategy: Strategy | None) -> None:
    wrong = {}
    if changed.get("strategy") and changed["strategy"].state != Strategy.State.ACTIVE:
        wrong["strategy"] = _("Choose a strategy that is active.")
    for name, kind in (("segment", PlanPart.Kind.SEGMENT), ("play", PlanPart.Kind.PLAY)):
        part = changed.get(name)
        if part is None:
            continue
        if part.kind != kind or strategy is None or part.strategy_id != strategy.pk:
            wrong[name] = _("Choose one of this strategy.")
        elif not part.is_current:
            wrong[name] = _("Choose one that the strategy still has.")
    if wrong:
        raise Invalid(fields=wrong)


def since(draft: Draft, fact: str) -> date | None:
    """The day from which the present value holds: nothing can be said to have changed before it."""
    opened = draft.deal.opened_on
    if not draft.is_backdated:
        return opened
    told = DealEvent.objects.filter(deal=draft.deal, data__has_key=fact).exclude(kind=DealEvent.Kind.QUALIFIED)
    last: date | None = told.aggregate(last=Max("effective_on"))["last"]
    return max((day for day in (opened, last) if day is not None), default=None)


def tidied_name(name: str) -> str:
    """The name without space around. Raises Invalid."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(fields={"name": _("Say in up to 200 letters what the customer gets.")})
    return name


def tidied_attributes(run: Run, stored: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The stored attributes with those that are given in their places; None takes one away. Raises Invalid."""
    values, wrong = own_values(given, stored, run.own_facts())
    if wrong:
        raise Invalid(fields=wrong)
    return values


TIDIED: Mapping[str, Callable[[Draft, Any], Any]] = {
    "name": lambda _draft, name: tidied_name(name),
    "company": lambda _draft, company: kept(company),
    "attributes": lambda draft, given: tidied_attributes(draft.run, draft.deal.attributes, given),
}


def _key(value: Any) -> Any:
    return getattr(value, "pk", value)


def _said(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | str | dict) else str(value)
