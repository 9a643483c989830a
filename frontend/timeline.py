"""What happened to a deal, in words: activities with what they gave, outcomes, and changes of the deal itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from activities.models import Activity
from frontend import words
from frontend.http import key_of
from frontend.path import CLAIMED, Reader, state_of
from outcomes.models import Grade, MilestoneEvent
from outcomes.queries.path import Entry
from strategy.models import DealEvent

#: From so many on, activities of one kind in a row that gave nothing are folded into one line.
FOLDED_FROM = 3


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the timeline. css: "oc" for an outcome, with "claim" while nobody has shown evidence.

    url: the page of an activity; gave: what an activity left behind; nothing: said where a contact gave nothing yet.
    """

    title: str
    when: str
    datetime: str
    url: str = ""
    icon: str = ""
    mark: str = ""
    css: str = ""
    beside: str = ""
    gave: Sequence[str] = ()
    outcome: str = ""
    nothing: bool = False
    said: str = ""
    note: str = ""
    evidence: str = ""
    folded: Sequence["Line"] = field(default=())


def lines(entries: Sequence[Entry], reader: Reader) -> list[Line]:
    """The lines of some entries, newest first, with repeats folded."""
    told: list[Line] = []
    for key, group in groupby(entries, key=fold_key):
        same = [line(entry, reader) for entry in group]
        told += [folded(same, key)] if key and len(same) >= FOLDED_FROM else same
    return told


def fold_key(entry: Entry) -> str:
    """What an activity that gave nothing and says nothing is called; empty for everything else."""
    activity = entry.activity
    if activity is None or entry.outcome or activity.note or activity.purpose or activity.outputs.all():
        return ""
    return with_whom(activity, activity.type.name)


def folded(same: Sequence[Line], kind: str) -> Line:
    """Several activities of one kind in a row as one line that opens."""
    first, last = same[-1], same[0]
    return Line(
        title=ngettext("{kind}, {n} time", "{kind}, {n} times", len(same)).format(kind=kind, n=len(same)),
        when=first.when
        if first.when == last.when
        else gettext("{first} to {last}").format(first=first.when, last=last.when),
        datetime=last.datetime,
        icon=last.icon,
        nothing=True,
        folded=same,
    )


def line(entry: Entry, reader: Reader) -> Line:
    """One entry in words."""
    if entry.activity is not None:
        return activity_line(entry.activity, entry.outcome, reader)
    if entry.milestone is not None:
        return milestone_line(entry.milestone, reader)
    if entry.event is None:
        raise ValueError("an entry of the timeline is an activity, a milestone event or a deal event")
    return event_line(entry, entry.event, reader)


def activity_line(activity: Activity, outcome: str, reader: Reader) -> Line:
    gave = [output.note or output.type.name for output in activity.outputs.all()]
    return Line(
        title=with_whom(activity, activity.purpose or activity.type.name),
        url=reverse("activity", args=[reader.slug, activity.pk]),
        beside=gettext("{who}, {long}").format(who=activity.member.name, long=words.minutes(activity.minutes)),
        when=words.moment(activity.at, zone=reader.zone, now=reader.now),
        datetime=activity.at.astimezone(reader.zone).isoformat(timespec="minutes"),
        icon=activity.type.icon,
        gave=gave,
        outcome=outcome,
        nothing=not gave and not outcome,
        note=" ".join(part for part in (activity.note, next_step(activity, reader)) if part),
    )


def with_whom(activity: Activity, what: str) -> str:
    """What was done, and with whom: "Call with Samir Haddad"."""
    people = [link.contact.name for link in activity.with_contacts.all()]
    return gettext("{what} with {people}").format(what=what, people=words.listed(people)) if people else what


def next_step(activity: Activity, reader: Reader) -> str:
    """What was agreed to happen next."""
    if not activity.next_step:
        return ""
    if activity.next_step_on is None:
        return gettext("Next: {step}.").format(step=activity.next_step)
    due = words.day(activity.next_step_on, today=reader.today)
    return gettext("Next, by {day}: {step}.").format(day=due, step=activity.next_step)


def milestone_line(event: MilestoneEvent, reader: Reader) -> Line:
    state = state_of(event.grade)
    taken_back = event.kind in (event.Kind.CONTRADICTED, event.Kind.LAPSED, event.Kind.CORRECTED)
    return Line(
        title=event.type.name,
        when=words.day(event.effective_on, today=reader.today),
        datetime=event.effective_on.isoformat(),
        mark="hollow" if taken_back else "half" if state == CLAIMED else "outcome",
        css="oc claim" if taken_back or state == CLAIMED else "oc",
        said=words.quoted(event.words),
        note=milestone_note(event, reader),
        evidence=event.evidence,
    )


def milestone_note(event: MilestoneEvent, reader: Reader) -> str:
    """How an outcome is known, and whether it counts."""
    who = event.actor.name if event.actor else gettext("the import")
    stays = event.contact.merged_into if event.contact else None
    named = stays.name if stays else event.agreed_by
    said = gettext(" Said by {who}.") if event.kind == event.Kind.CONTRADICTED else gettext(" Agreed by {who}.")
    agreed = said.format(who=named) if named else ""
    how = {
        event.Kind.CLAIMED: gettext("Recorded by {who}."),
        event.Kind.EVIDENCED: gettext("Found in {source} by {who}.")
        if event.grade == Grade.E4
        else gettext("Recorded by {who} with evidence."),
        event.Kind.CHECKED: gettext("Checked by {who}."),
        event.Kind.CONFIRMED: gettext("Confirmed by {holder}.").format(holder=holder(event)),
        event.Kind.CONTRADICTED: gettext("It is not so, says {holder}.").format(holder=holder(event)),
        event.Kind.LAPSED: gettext("It no longer holds."),
        event.Kind.CORRECTED: gettext("Taken back by {who}."),
    }[MilestoneEvent.Kind(event.kind)].format(who=who, source=event.source)
    uncounted = event.kind == event.Kind.CLAIMED and reader.counts_from > Grade.E0
    counts = gettext("Not counted until there is evidence.") if uncounted else ""
    return " ".join(part for part in (how + agreed, event.note, counts) if part)


def holder(event: MilestoneEvent) -> str:
    """Who says so, as far as it is known: the holder of a link, and to whom the letter with it went."""
    asked = event.answer.confirmation if event.answer else None
    if asked is None:
        return gettext("the customer")
    if asked.channel == asked.Channel.LINK:
        return gettext("the holder of a copied link")
    return gettext("the holder of the link sent to {email}").format(email=asked.to_email)


def event_line(entry: Entry, event: DealEvent, reader: Reader) -> Line:
    titles = {
        DealEvent.Kind.OPENED: gettext("Opened"),
        DealEvent.Kind.QUALIFIED: gettext("Qualified"),
        DealEvent.Kind.MOVED: gettext("Moved to another stage"),
        DealEvent.Kind.REPRICED: gettext("Value changed"),
        DealEvent.Kind.RESCHEDULED: gettext("Expected decision changed"),
        DealEvent.Kind.REASSIGNED: gettext("Given to somebody else"),
        DealEvent.Kind.CLOSED: gettext("Closed"),
        DealEvent.Kind.REOPENED: gettext("Opened again"),
        DealEvent.Kind.REPLANNED: gettext("What it serves changed"),
        DealEvent.Kind.MERGED: merged(event),
    }
    return Line(
        title=titles.get(DealEvent.Kind(event.kind), event.get_kind_display()),
        beside=event.actor.name if event.actor else gettext("from the import"),
        when=words.day(entry.day, today=reader.today),
        datetime=entry.day.isoformat(),
        icon="deals",
        note=". ".join([said for said in (", ".join(changes(event)), *written_later(entry, event, reader)) if said]),
    )


def merged(event: DealEvent) -> str:
    """Which deals were put together, or taken apart again."""
    if "gone" not in event.data:
        return str(event.get_kind_display())
    said = (
        gettext("{gone} and {kept} were taken apart")
        if event.data.get("undone")
        else gettext("{gone} became part of {kept}")
    )
    return said.format(gone=event.data["gone"], kept=event.data["kept"])


def written_later(entry: Entry, event: DealEvent, reader: Reader) -> Iterator[str]:
    """The day on which it was written down, where that is another one."""
    recorded = words.today_in(reader.zone, event.recorded_at)
    if event.actor and recorded != entry.day:
        yield gettext("Written down {day}").format(day=words.day(recorded, today=reader.today))


def changes(event: DealEvent) -> Iterator[str]:
    """What an event changed, where the words before and after are on record."""
    for value in event.data.values():
        if isinstance(value, list) and len(value) == 2 and all(isinstance(side, str) and side for side in value):
            # Imports and older handovers wrote keys of members, which say nothing to anybody.
            if any(key_of(side) for side in value):
                continue
            yield gettext("{before} to {after}").format(before=value[0], after=value[1])
