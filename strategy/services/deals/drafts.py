"""What a deed is about to write of deals: planned in memory first, then stored in a few statements.

So a refusal leaves nothing behind, and five hundred deals are stored with as many statements as one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.days import long_day
from accounts.models import AuditEvent, Membership, Tenant
from accounts.refusals import Invalid, Refused
from accounts.visibility import of_everybody
from strategy.models import (
    Attribute,
    BuyingRole,
    Deal,
    DealEvent,
    ExchangeRate,
    OwnerSpan,
    Pipeline,
    PlanSpan,
    Stage,
    StageSpan,
)
from strategy.requirements import Requirement, asked_by
from strategy.services.customers.facts import own_facts
from strategy.services.customers.storing import refuse_merged, told_of_taken
from strategy.services.refusals import DealMovedMeanwhile

AT_ONCE = 1000
Span = StageSpan | OwnerSpan | PlanSpan
SPANS: tuple[Any, ...] = (StageSpan, OwnerSpan, PlanSpan)
#: What stands beside a deal and is read with it.
RELATED = ("stage", "pipeline", "company", "owner", "competitor", "came_from", "strategy", "segment", "play")
#: The column of each field of a deal, and of each column itself.
COLUMNS = {name: one.attname for one in Deal._meta.concrete_fields for name in (one.name, one.attname)}


class PeriodClosed(Refused):
    """The organisation has closed its figures up to a day, and the change would take effect on it or before. Give a
    later day as `on`, or let somebody who may change settings open the period again."""

    code = "period_closed"
    status = 422
    sentence = gettext_lazy("The figures are closed up to {day}. Give a later day.")


class FiguresClosed(Refused):
    """What is to change has no day of its own and was counted in figures that the organisation has closed: whether a
    deal counts that was qualified in them; the value, or the competitor, of one that ended in them. Let somebody who
    may change settings open the period again, which is audited."""

    code = "figures_closed"
    sentence = gettext_lazy(
        "The figures are closed up to {day}, and this would change them."
        " Whoever may change the settings can open them again."
    )


@dataclass
class Run:
    """Somebody changing deals at one moment. What is the same for all of them, or known of each, is asked once.

    `deals` are the keys of those that it may change.
    """

    actor: Membership
    at: datetime
    deals: Collection[UUID] = ()
    _stages: dict[UUID, list[Stage]] = field(default_factory=dict)
    _pipelines: list[Pipeline] = field(default_factory=list)
    _own: dict[str, Attribute] | None = None
    _rates: dict[tuple[str, date], Decimal | None] = field(default_factory=dict)
    _begun: dict[type[Span], dict[UUID, date]] = field(default_factory=dict)
    _asked: dict[UUID, list[Requirement]] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return self.actor.tenant.day_of(self.at)  # type: ignore[no-any-return]

    def stages(self, pipeline: UUID) -> list[Stage]:
        """The stages of a pipeline, in their order."""
        if pipeline not in self._stages:
            self._stages[pipeline] = list(Stage.objects.filter(pipeline_id=pipeline).order_by("position"))
        return self._stages[pipeline]

    def usual_pipeline(self) -> Pipeline | None:
        """The first pipeline that is still offered."""
        if not self._pipelines:
            self._pipelines = list(Pipeline.objects.filter(is_archived=False).order_by("position", "pk")[:1])
        return self._pipelines[0] if self._pipelines else None

    def own_facts(self) -> dict[str, Attribute]:
        """The organisation's own attributes of deals, by their keys."""
        if self._own is None:
            self._own = own_facts(Attribute.Of.DEAL)
        return self._own

    def asked_by(self, stage: Stage) -> list[Requirement]:
        """What a stage asks for."""
        if stage.pk not in self._asked:
            self._asked[stage.pk] = asked_by(stage)
        return self._asked[stage.pk]

    def rate(self, currency: str, day: date) -> Decimal | None:
        """What one unit was worth in the organisation's currency on a day; None where nobody has said."""
        if currency == self.actor.tenant.currency:
            return Decimal(1)
        if (currency, day) not in self._rates:
            known = ExchangeRate.objects.filter(currency=currency, from_on__lte=day).order_by("-from_on")
            self._rates[currency, day] = known.values_list("rate", flat=True).first()
        return self._rates[currency, day]

    def begun(self, kind: type[OwnerSpan | PlanSpan], deal: Deal) -> date | None:
        """Since when the open span of a deal holds; None for one without."""
        if kind not in self._begun:
            spans = kind._default_manager.filter(deal__in=[*self.deals, deal.pk], until_on=None)
            self._begun[kind] = dict(spans.values_list("deal_id", "from_on"))
        return self._begun[kind].get(deal.pk)

    def refuse_day(self, on: date, *, earliest: date | None, field: str = "on") -> None:
        """Raises Invalid for a day to come or before the deal's earlier facts, PeriodClosed for one that is closed."""
        if on > self.today or (earliest is not None and on < earliest):
            first = long_day(earliest) if earliest else "1900"
            raise Invalid(fields={field: _("Give a day between %(first)s and today.") % {"first": first}})
        refuse_closed(self.actor.tenant, on, field=field)

    def refuse_figures(self, day: date | None, *, field: str) -> None:
        """Raises FiguresClosed for a fact that is no news and belongs to a closed day."""
        closed = self.actor.tenant.closed_until
        if day is not None and closed is not None and day <= closed:
            raise _at(field, FiguresClosed(day=closed))


def refuse_closed(tenant: Tenant, on: date, *, field: str = "on") -> None:
    """Raises PeriodClosed for a day whose figures the organisation has closed."""
    closed = tenant.closed_until
    if closed is not None and on <= closed:
        raise _at(field, PeriodClosed(day=closed))


def _at(field: str, refusal: Refused) -> Refused:
    """The refusal, told at a field as well."""
    refusal.fields = {field: str(refusal)}
    return refusal


class Draft:
    """What is to be written of one deal, effective on a day. The deal in memory shows it already."""

    def __init__(self, run: Run, deal: Deal, on: date | None = None) -> None:
        self.run, self.deal, self.on = run, deal, on or run.today
        self.version = deal.version
        self.before: dict[str, Any] = {}
        self.events: list[DealEvent] = []
        self.entries: list[AuditEvent] = []
        #: The open span of each kind that ends, with how.
        self.ended: dict[type[Span], dict[str, Any]] = {}
        self.begun: list[Span] = []
        self.roles: list[BuyingRole] = []
        #: What other apps keep of the step, by the requirement that it is for, and how they store it after the deal.
        self.supplied: dict[str, Any] = {}
        self.afterwards: list[Callable[[], object]] = []
        #: Whether something happened to the deal, so that an imported one is watched from now on.
        self.is_news = False
        #: Whether it gives the deal what it had before, which may be no longer offered.
        self.puts_back = False

    @property
    def is_backdated(self) -> bool:
        return self.on < self.run.today

    @property
    def is_empty(self) -> bool:
        return not (self.before or self.events or self.roles or self.afterwards)

    def set(self, **values: Any) -> None:
        """Give fields of the deal new values."""
        for name, value in values.items():
            column = COLUMNS[name]
            self.before.setdefault(column, getattr(self.deal, column))
            setattr(self.deal, name, value)

    def note(self, kind: DealEvent.Kind, **data: Any) -> None:
        """Add to what happened, on the draft's day."""
        self.events.append(
            DealEvent(
                deal=self.deal,
                kind=kind,
                effective_on=self.on,
                recorded_at=self.run.at,
                actor=self.run.actor,
                data=data,
            )
        )

    def tell(self, *, verb: str, **data: Any) -> None:
        """Add to the audit. A day that is not today is told with it."""
        if self.is_backdated:
            data.setdefault("on", self.on.isoformat())
        self.entries.append(audit.entry(verb=verb, subject=self.deal, actor=self.run.actor, at=self.run.at, **data))

    def end(self, kind: type[Span], **how: Any) -> None:
        """End the open span of a kind: the one that begins in this draft, else the one that is stored."""
        fresh = next((span for span in reversed(self.begun) if isinstance(span, kind)), None)
        if fresh is None:
            self.ended[kind] = how
            return
        for name, value in how.items():
            setattr(fresh, name, value)

    def restore(self) -> None:
        """Let the deal in memory show again what is stored."""
        for column, value in self.before.items():
            setattr(self.deal, column, value)

    def changes(self) -> dict[str, Any]:
        """The columns to write, with what every change brings along."""
        if self.is_news:
            self.set(observed_until=None)
        changed = {column: getattr(self.deal, column) for column in self.before}
        return changed | {"version": self.version + 1, "updated_at": self.run.at}


@contextmanager
def drafted(
    deal: Deal, *, actor: Membership, at: datetime, on: date | None = None, version: int | None = None
) -> Iterator[Draft]:
    """Plan a change of one deal inside, which is stored at the end; after a refusal the deal is as it was.

    `version` is the one that the caller decided upon. Raises DealMovedMeanwhile.
    """
    refuse_merged(deal)
    if version is not None and version != deal.version:
        raise DealMovedMeanwhile(deal=deal.name)
    draft = Draft(Run(actor, at), deal, on)
    try:
        yield draft
        store(draft)
    except BaseException:
        draft.restore()
        raise


def held(*named: Q, **which: Any) -> dict[UUID, Deal]:
    """The deals that the actor sees of these, kept from changing meanwhile; in the order of their keys, so that nobody
    waits for somebody who waits."""
    rows = Deal.objects.select_related(*RELATED).select_for_update(no_key=True, of=("self",))
    return {deal.pk: deal for deal in rows.filter(*named, **which).order_by("pk")}


def store(draft: Draft) -> None:
    """Compare and set: nobody holds a lock while a person thinks, and the second of two is told.

    Raises DealMovedMeanwhile.
    """
    if draft.is_empty:
        return
    with transaction.atomic(), of_everybody():
        changed = draft.changes()
        if not Deal.objects.filter(pk=draft.deal.pk, version=draft.version).update(**changed):
            raise DealMovedMeanwhile(deal=draft.deal.name)
        store_history([draft])
    draft.deal.version, draft.deal.updated_at = changed["version"], changed["updated_at"]


def store_all(drafts: Sequence[Draft]) -> None:
    """Write many deals, whose rows the caller has locked, in a few statements."""
    drafts = [draft for draft in drafts if not draft.is_empty]
    if not drafts:
        return
    with transaction.atomic(), of_everybody():
        names: set[str] = set()
        for draft in drafts:
            for column, value in (changed := draft.changes()).items():
                setattr(draft.deal, column, value)
            names |= {Deal._meta.get_field(column).name for column in changed}
        Deal.objects.bulk_update([draft.deal for draft in drafts], sorted(names), batch_size=AT_ONCE)
        store_history(drafts)


def store_new(drafts: Sequence[Draft]) -> None:
    """Write new deals with the history that begins with them. Raises ExternalIdTaken for one made meanwhile."""
    if drafts:
        with transaction.atomic(), of_everybody():
            deals = [draft.deal for draft in drafts]
            with told_of_taken(Deal, deals):
                Deal.objects.bulk_create(deals, batch_size=AT_ONCE)
            store_history(drafts)


def store_history(drafts: Sequence[Draft]) -> None:
    """Spans, events and audit entries of what happened to deals."""
    _end_spans(drafts)
    for kind in SPANS:
        begun = [span for draft in drafts for span in draft.begun if isinstance(span, kind)]
        if begun:
            kind._default_manager.bulk_create(begun, batch_size=AT_ONCE)
    if roles := list({(role.deal_id, role.contact_id): role for draft in drafts for role in draft.roles}.values()):
        BuyingRole.objects.bulk_create(
            roles, update_conflicts=True, unique_fields=["tenant", "deal", "contact"], update_fields=["role"]
        )
    DealEvent.objects.bulk_create((event for draft in drafts for event in draft.events), batch_size=AT_ONCE)
    AuditEvent.objects.bulk_create((entry for draft in drafts for entry in draft.entries), batch_size=AT_ONCE)
    for draft in drafts:
        for deed in draft.afterwards:
            deed()


def _end_spans(drafts: Sequence[Draft]) -> None:
    """End the open spans: one statement for all that end in the same way."""
    alike: dict[tuple[Any, ...], list[UUID]] = {}
    for draft in drafts:
        for kind, end in draft.ended.items():
            alike.setdefault((kind, *sorted(end.items())), []).append(draft.deal.pk)
    for (kind, *how), deals in alike.items():
        is_open = {"left_on": None} if kind is StageSpan else {"until_on": None}
        kind._default_manager.filter(deal__in=deals, **is_open).update(**dict(how))
