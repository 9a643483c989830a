"""What a deed is about to write of activities: judged in memory first, then stored in a few statements.

So a refusal leaves nothing behind, and five hundred activities are stored with as many statements as one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Membership
from accounts.reading import Columns, rows_of
from accounts.refusals import Invalid
from accounts.rows import fresh, know
from accounts.visibility import of_everybody, sight_of
from accounts.writing import insert, update
from activities.models import Activity, ActivityContact, ActivityType, Output, OutputType
from activities.services import facts
from activities.services.facts import COLUMNS, OF_DEAL, SUGGESTED, Gave, Reach, said
from activities.signals import activities_corrected, activities_logged
from strategy.models import Contact, Deal, PlanPart
from strategy.models.customers import kept
from strategy.services import refuse_closed, refuse_merged, watch_deals
from strategy.services.customers.storing import told_of_taken
from strategy.strategies import plays_of

#: What is asked of an activity that may change: a moment that nobody asks for is a moment to read.
OF_ACTIVITY = tuple({*(one.attname for one in Activity._meta.concrete_fields)} - {"created_at", "entry_key"})
#: Who did what, for whom and when: another activity where one of these columns changes.
WHAT_IT_WAS = {"type_id", "member_id", "deal_id", "company_id", "at"}

Plays = Mapping[UUID, Sequence[tuple[UUID, frozenset[str]]]]


class Run:
    """Somebody writing down at one moment what was done. What is the same for all of it is asked once."""

    def __init__(self, actor: Membership, at: datetime, deals: Iterable[Deal | None] = ()) -> None:
        self.actor, self.at = actor, at
        self.reach = Reach(actor)
        self._deals = deals
        self._plays: Plays | None = None

    def suggested(self, deal: Deal | None, type: ActivityType) -> UUID | None:
        """The play that an activity probably serves: the deal's own, else the only one for its segment that names the
        type. None where there is none, or more than one."""
        if deal is None or deal.play_id is not None or deal.segment_id is None:
            return deal.play_id if deal is not None else None
        if self._plays is None:
            asked = {one.strategy_id for one in (deal, *self._deals) if one is not None and one.strategy_id}
            self._plays = plays_of(asked)
        named = str(type.pk)
        fitting = [play for play, types in self._plays.get(deal.segment_id, ()) if named in types]
        return fitting[0] if len(fitting) == 1 else None

    def refuse_member(self, member: Membership | None, deal: Deal | None) -> None:
        """Raises Invalid for somebody out of sight where no deal says that they are seen."""
        if member is not None and deal is None and not sight_of(self.actor).includes(member.pk):
            raise Invalid(fields={"member": _("Choose somebody whose deals you see.")})

    def refuse_day(self, deal: Deal | UUID | None, at: datetime) -> None:
        """Raises PeriodClosed for what was done for a deal on a day whose figures are closed."""
        if deal is not None and self.actor.tenant.closed_until is not None:
            refuse_closed(self.actor.tenant, self.actor.tenant.day_of(at), field="at")


@dataclass
class Draft:
    """An activity as it will be. contacts, outputs: None where they stay as they are; `before` has the columns of a
    stored one that change, `told` what the audit says of it."""

    activity: Activity
    contacts: Sequence[Contact] | None = None
    outputs: Sequence[Gave] | None = None
    before: dict[str, Any] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        return bool(self.activity._state.adding)

    @property
    def is_empty(self) -> bool:
        return not self.is_new and not self.told


def plan_new(run: Run, given: Mapping[str, Any]) -> Draft:
    """An activity that nobody has written down yet. Raises Invalid, WasMerged, PeriodClosed."""
    values = facts.tidied(given, recorded_at=run.at)
    if missing := [name for name in ("type", "at") if values.get(name) is None]:
        raise Invalid(fields=dict.fromkeys(missing, _("A new one needs this.")))
    kind, deal, at = values["type"], values.get("deal"), values["at"]
    contacts = _people(values.pop("contacts", None) or ())
    outputs = values.pop("outputs", None) or ()
    if deal is not None:
        refuse_merged(deal)
    run.refuse_member(values.get("member"), deal)
    run.refuse_day(deal, at)
    facts.refuse_archived("type", [kind])
    facts.refuse_archived("outputs", [gave.type for gave in outputs])
    company = facts.company_of(values.pop("company", None), deal, contacts)
    facts.refuse_others(contacts, company, deal)
    play = values.pop("play", SUGGESTED)
    if play is not SUGGESTED:
        facts.refuse_play(play)
    rows = {"type": kind, "deal": deal, "member": values.pop("member", None) or run.actor}
    activity = fresh(
        Activity,
        {name: value for name, value in values.items() if name not in rows}
        | {f"{name}_id": row and row.pk for name, row in rows.items()}
        | {
            "company_id": company,
            "play_id": run.suggested(deal, kind) if play is SUGGESTED else play and play.pk,
            "day": run.actor.tenant.day_of(at),
            "minutes": kind.usual_minutes if values.get("minutes") is None else values["minutes"],
        },
    )
    for name, row in rows.items():
        know(activity, name, row)
    return Draft(activity, contacts, outputs)


def _people(given: Iterable[Contact]) -> list[Contact]:
    """Each once, and for one who turned out to be another one that one."""
    return list({contact.pk: contact for contact in map(kept, given)}.values())


@dataclass(frozen=True)
class Held:
    """An activity that nobody else changes meanwhile, with what belongs to it."""

    activity: Activity
    contacts: Sequence[Contact] = ()
    outputs: Sequence[Output] = ()


def held(keys: Collection[UUID], *, deals: Iterable[Deal | None] = ()) -> dict[UUID, Held]:
    """The activities of these keys that the actor sees, kept from changing until the end; in the order of their keys,
    so that nobody waits for somebody who waits. `deals` are at hand and need not be read."""
    rows = rows_of(Activity, "id", keys, only=OF_ACTIVITY, for_update=True)
    found = [row.pk for row in rows]
    links = rows_of(ActivityContact, "activity_id", found)
    outputs = rows_of(Output, "activity_id", found)
    with of_everybody():  # what belongs to an activity is read with it
        recall("type", rows, ActivityType)
        recall("deal", rows, Deal, only=OF_DEAL, known=deals)
        recall("contact", links, Contact)
        recall("type", outputs, OutputType)
    people: dict[UUID, list[Contact]] = {}
    gave: dict[UUID, list[Output]] = {}
    for link in links:
        people.setdefault(link.activity_id, []).append(link.contact)
    for output in outputs:
        gave.setdefault(output.activity_id, []).append(output)
    return {row.pk: Held(row, people.get(row.pk, ()), gave.get(row.pk, ())) for row in rows}


def recall(
    name: str, rows: Iterable[Any], model: type[Model], *, only: Columns = (), known: Iterable[Any] = ()
) -> None:
    """Give rows those that they refer to under a name, read at once."""
    found: dict[UUID | None, Any] = {row.pk: row for row in known if row is not None} | {None: None}
    named = {row: getattr(row, f"{name}_id") for row in rows}
    found |= {row.pk: row for row in rows_of(model, "id", set(named.values()) - found.keys(), only=only)}
    for row, key in named.items():
        know(row, name, found[key])


def plan_change(run: Run, at_hand: Held, given: Mapping[str, Any]) -> Draft:
    """Other facts of a stored activity; what is left out stays. The activity in memory shows them already.

    Raises NotYourActivity, Invalid, WasMerged, PeriodClosed for the day on which it was done, or is said to have been.
    """
    activity, draft = at_hand.activity, Draft(at_hand.activity)
    values = _completed(run, at_hand, facts.tidied(given, recorded_at=run.at))
    changed = {name: value for name, value in values.items() if name in COLUMNS and _differs(activity, name, value)}
    contacts, outputs = values.get("contacts"), values.get("outputs")
    if contacts is not None and {one.pk for one in contacts} != {one.pk for one in at_hand.contacts}:
        draft.contacts = contacts
        draft.told["contacts"] = [_names(at_hand.contacts), _names(contacts)]
    if outputs is not None and (now := _gave(at_hand.outputs)) != (wanted := sorted(map(_named, outputs))):
        draft.outputs = outputs
        draft.told["outputs"] = [[words for _key, words in now], [words for _key, words in wanted]]
        facts.refuse_archived("outputs", {gave.type for gave in outputs} - {one.type for one in at_hand.outputs})
    if not changed and not draft.told:
        return draft
    run.reach.refuse(activity)
    run.refuse_day(activity.deal_id, activity.at)
    _refuse(run, activity, changed)
    _write_upon(draft, changed, run)
    return draft


def _completed(run: Run, at_hand: Held, values: dict[str, Any]) -> dict[str, Any]:
    """With what follows from the values: another deal brings its company and its play, and who took part must fit."""
    activity = at_hand.activity
    deal = values.get("deal", activity.deal)
    if values.get("play") is SUGGESTED:
        del values["play"]
    if "company" in values:
        values["company"] = kept(values["company"])
    if _differs(activity, "deal", deal):
        if deal is not None and "company" not in values:
            values["company"] = deal.company
        if "play" not in values:
            values["play"] = _part(run.suggested(deal, values.get("type", activity.type)))
    if values.get("contacts") is not None:
        values["contacts"] = _people(values["contacts"])
    if {"company", "deal", "contacts"} & values.keys():
        people: Sequence[Contact] = values["contacts"] if values.get("contacts") is not None else at_hand.contacts
        company = getattr(values["company"], "pk", None) if "company" in values else activity.company_id
        if company is None and (deal is None or deal.company_id is None):
            values["company"] = next((one.company for one in people if one.company_id), None)
            company = getattr(values["company"], "pk", None)
        facts.refuse_others(people, company, deal)
    if values.get("minutes", 0) is None:
        values["minutes"] = values.get("type", activity.type).usual_minutes
    return {name: value for name, value in values.items() if value is not None or name not in ("type", "at", "member")}


def _refuse(run: Run, activity: Activity, changed: Mapping[str, Any]) -> None:
    deal = changed.get("deal", activity.deal)
    if changed.get("deal") is not None:
        refuse_merged(changed["deal"])
    run.refuse_member(changed.get("member"), deal)
    if {"at", "deal"} & changed.keys():
        run.refuse_day(deal, changed.get("at", activity.at))
    if "play" in changed:
        facts.refuse_play(changed["play"])
    if "type" in changed:
        facts.refuse_archived("type", [changed["type"]])


def _write_upon(draft: Draft, changed: Mapping[str, Any], run: Run) -> None:
    activity = draft.activity
    for name, value in changed.items():
        # A row that was not read with this one is told by its key: asking would cost a query for each.
        now = activity._state.fields_cache.get(name, getattr(activity, _column(name)))
        draft.told[name] = [said(now), said(value)]
        draft.before[_column(name)] = getattr(activity, _column(name))
        setattr(activity, name, value)
    if "at" in changed:
        draft.before["day"] = activity.day
        activity.day = run.actor.tenant.day_of(changed["at"])
    activity.version += 1


def restore(draft: Draft) -> None:
    """Let the activity in memory show again what is stored."""
    for column, value in draft.before.items():
        setattr(draft.activity, column, value)


def store_new(drafts: Sequence[Draft], *, actor: Membership, at: datetime) -> None:
    """Write down new activities with what they gave and who took part, in one statement. Raises ExternalIdTaken for one
    that somebody else has stored meanwhile."""
    if not drafts:
        return
    rows = [draft.activity for draft in drafts]
    told = (("activity.logged", row, {"type": row.type.name}) for row in rows)
    # Only a row with a name can meet one that is stored: no other needs a way back.
    is_named = any(row.external_id or row.entry_key for row in rows)
    with told_of_taken(Activity, rows) if is_named else nullcontext():
        insert(rows, *_beside(drafts), audit.entries_of(entries=told, actor=actor, at=at))
    watch_deals(draft.activity.deal for draft in drafts if draft.activity.deal_id is not None)
    activities_logged.send(sender=Activity, activities=rows, actor=actor, at=at)


def _beside(drafts: Sequence[Draft]) -> tuple[list[Output], list[ActivityContact]]:
    return (
        [Output(activity=one.activity, type=gave.type, note=gave.note) for one in drafts for gave in one.outputs or ()],
        [ActivityContact(activity=one.activity, contact=who) for one in drafts for who in one.contacts or ()],
    )


def store_changes(drafts: Collection[Draft], *, actor: Membership, at: datetime) -> None:
    """Write changes of activities that are held."""
    drafts = [draft for draft in drafts if not draft.is_empty]
    if not drafts:
        return
    rows = [draft.activity for draft in drafts]
    columns = {"version"}.union(*(draft.before for draft in drafts))
    entries = [
        ("activity.changed", draft.activity, {"type": draft.activity.type.name, "changed": draft.told})
        for draft in drafts
    ]
    with transaction.atomic(), of_everybody():
        update(rows, columns)
        anew = [draft for draft in drafts if draft.contacts is not None]
        if anew:
            ActivityContact.objects.filter(activity_id__in=[draft.activity.pk for draft in anew]).delete()
        gave = [draft for draft in drafts if draft.outputs is not None]
        insert(
            _outputs_to_add(gave),
            [ActivityContact(activity=draft.activity, contact=one) for draft in anew for one in draft.contacts or ()],
            audit.entries_of(entries=entries, actor=actor, at=at),
        )
    watch_deals(row.deal for row in rows if row.deal is not None)
    if others := [draft.activity for draft in drafts if WHAT_IT_WAS & draft.before.keys()]:
        activities_corrected.send(sender=Activity, activities=others, actor=actor, at=at)


def _outputs_to_add(drafts: Sequence[Draft]) -> list[Output]:
    """Remove what is not said any more. What says the same stays the row that it is: others may have its id."""
    if not drafts:
        return []
    wanted = {draft.activity.pk: list(draft.outputs or ()) for draft in drafts}
    gone = []
    for output in Output.objects.filter(activity_id__in=wanted).select_related("type").order_by("pk"):
        same = Gave(output.type, output.note)
        if same in wanted[output.activity_id]:
            wanted[output.activity_id].remove(same)
        else:
            gone.append(output.pk)
    if gone:
        Output.objects.filter(pk__in=gone).delete()
    return [
        Output(activity=draft.activity, type=gave.type, note=gave.note)
        for draft in drafts
        for gave in wanted[draft.activity.pk]
    ]


@cache
def _column(name: str) -> str:
    return str(getattr(Activity._meta.get_field(name), "attname", name))


def _differs(activity: Activity, name: str, value: Any) -> bool:
    return bool(getattr(activity, _column(name)) != (value.pk if isinstance(value, Model) else value))


def _part(key: UUID | None) -> Any:
    return PlanPart.objects.filter(pk=key).first() if key is not None else None


def _names(rows: Iterable[Any]) -> list[str]:
    return [row.name for row in rows]


def _named(gave: Gave) -> tuple[str, str]:
    return str(gave.type.pk), f"{gave.type.name}: {gave.note}" if gave.note else gave.type.name


def _gave(outputs: Iterable[Output]) -> list[tuple[str, str]]:
    return sorted(_named(Gave(output.type, output.note)) for output in outputs)
