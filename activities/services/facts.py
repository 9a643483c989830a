"""What can be said of an activity, and when it makes no sense."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, Final, NamedTuple, TypedDict
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.models.organisation import Role
from accounts.permissions import DIRECTING
from accounts.refusals import Invalid
from accounts.teams import members_below
from activities.models import Activity, ActivityType, Horizon, OutputType
from activities.services.refusals import NotYourActivity
from strategy.models import Company, Contact, Deal, PlanPart

# A phone's clock may run ahead of ours.
CLOCK_SLACK = timedelta(minutes=5)
MINUTES_A_DAY = 24 * 60
LONGEST_OUTPUT_NOTE = 300
LONGEST_LINE = 200
#: So many outputs of one activity, and so many people with whom it was done.
MOST_OUTPUTS, MOST_CONTACTS = 20, 20
#: Who needs longer was called away meanwhile: nothing is known of how long the logging took.
LONGEST_TAKEN = 3600
# A year before it is a slip of the finger.
FIRST_YEAR = 1900
TEXTS = ("horizon", "purpose", "note", "next_step")
#: The fields of an activity that are columns of its own.
COLUMNS = (
    *("type", "member", "deal", "company", "play", "at", "minutes", *TEXTS),
    *("prepared", "right_person", "purpose_reached", "next_step_on", "took_seconds"),
)


#: What is asked of a deal for which something was done.
OF_DEAL = (
    *("id", "tenant_id", "name", "company_id", "strategy_id", "segment_id", "play_id"),
    *("end_cause", "observed_until", "merged_into_id"),
)


class Suggestion(Enum):
    """Stands for a play that nobody has named."""

    PLAY = "suggested"


#: Not the same as None, which says that the activity serves no play.
SUGGESTED: Final = Suggestion.PLAY


class Gave(NamedTuple):
    """Something tangible an activity left behind: its type and a few words."""

    type: OutputType
    note: str = ""


class Facts(TypedDict, total=False):
    """What can be said of an activity beside its type and when it was."""

    member: Membership | None
    deal: Deal | None
    company: Company | None
    contacts: Iterable[Contact] | None
    play: PlanPart | Suggestion | None
    minutes: int | None
    outputs: Iterable[Gave] | None
    horizon: str
    purpose: str
    note: str
    prepared: bool | None
    right_person: bool | None
    purpose_reached: bool | None
    next_step: str
    next_step_on: date | None
    took_seconds: int | None


class Changes(Facts, total=False):
    """What can be corrected of an activity."""

    type: ActivityType
    at: datetime


def tidied(given: Mapping[str, Any], *, recorded_at: datetime) -> dict[str, Any]:
    """The values as they are stored. Raises Invalid with the fields that are wrong."""
    values = dict(given)
    for name in ("contacts", "outputs"):
        if values.get(name) is not None:
            values[name] = list(values[name])
    for name in TEXTS:
        if name in values:
            values[name] = (values[name] or "").strip()
    if "outputs" in values:
        values["outputs"] = [Gave(gave.type, gave.note.strip()) for gave in values["outputs"] or ()]
    if not 0 <= (values.get("took_seconds") or 0) <= LONGEST_TAKEN:
        values["took_seconds"] = None
    if wrong := _nonsense(values, recorded_at):
        raise Invalid(fields=wrong)
    return values


def _nonsense(values: Mapping[str, Any], recorded_at: datetime) -> dict[str, str]:
    wrong: dict[str, str] = {}
    at, minutes, horizon = values.get("at"), values.get("minutes"), values.get("horizon")
    if at is not None and at > recorded_at + CLOCK_SLACK:
        wrong["at"] = _("Give a time that is not to come.")
    elif at is not None and at.year < FIRST_YEAR:
        wrong["at"] = _("Give a year from 1900 on.")
    if minutes is not None and not 0 <= minutes <= MINUTES_A_DAY:
        wrong["minutes"] = _("Give between 0 and 1440 minutes.")
    if horizon and horizon not in Horizon.values:
        wrong["horizon"] = _("Choose H1, H2 or H3, or leave it empty.")
    for name in ("purpose", "next_step"):
        if len(values.get(name, "")) > LONGEST_LINE:
            wrong[name] = _("Say it in up to 200 letters.")
    if outputs := values.get("outputs"):
        if len(outputs) > MOST_OUTPUTS:
            wrong["outputs"] = _("Name up to {most}.").format(most=MOST_OUTPUTS)
        elif any(len(gave.note) > LONGEST_OUTPUT_NOTE for gave in outputs):
            wrong["outputs"] = _("Say what each is in up to {most} letters.").format(most=LONGEST_OUTPUT_NOTE)
    if len(values.get("contacts") or ()) > MOST_CONTACTS:
        wrong["contacts"] = _("Name up to {most}.").format(most=MOST_CONTACTS)
    return wrong


def company_of(company: Company | None, deal: Deal | None, contacts: Sequence[Contact]) -> UUID | None:
    """With which company something was done: the one that is named, else the deal's, else that of who took part."""
    if company is not None:
        return company.merged_into_id or company.pk
    if deal is not None and deal.company_id is not None:
        return deal.company_id
    return next((contact.company_id for contact in contacts if contact.company_id), None)


def refuse_others(contacts: Iterable[Contact], company: UUID | None, deal: Deal | None) -> None:
    """Raises Invalid for people of a company that had no part in it."""
    theirs = {company, deal.company_id if deal is not None else None, None}
    if others := [contact.name for contact in contacts if contact.company_id not in theirs]:
        told = _("{name} is with another company. Name people of the company with which it was done.")
        raise Invalid(fields={"contacts": told.format(name=others[0])})


def refuse_play(play: PlanPart | None) -> None:
    """Raises Invalid for what is no play that a strategy still has."""
    if play is not None and play.kind != PlanPart.Kind.PLAY:
        raise Invalid(fields={"play": _("Choose a play.")})
    if play is not None and not play.is_current:
        raise Invalid(fields={"play": _("Choose one that its strategy still has.")})


def refuse_archived(name: str, rows: Iterable[Any]) -> None:
    """Raises Invalid for types that are no longer offered."""
    if any(row.is_archived for row in rows):
        raise Invalid(fields={name: _("This is no longer used. Choose another one.")})


class Reach:
    """Whose activities somebody may change: their own, and those of whom they lead. Asked once, where it is needed."""

    def __init__(self, actor: Membership) -> None:
        self.actor = actor
        self._led: frozenset[UUID] | None = None

    def includes(self, activity: Activity) -> bool:
        """Whether the actor may change it."""
        if activity.member_id == self.actor.pk or self.actor.role in DIRECTING:
            return True
        if self.actor.role == Role.MANAGER and self._led is None:
            self._led = members_below(self.actor)
        return activity.member_id in (self._led or ())

    def refuse(self, activity: Activity) -> None:
        """Raises NotYourActivity."""
        if not self.includes(activity):
            raise NotYourActivity


def said(value: Any) -> Any:
    """A value as the audit keeps it: rows by their names, days and moments as texts."""
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)
