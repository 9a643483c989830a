"""Entries of the ledger about one milestone, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext

from frontend import words
from frontend.path import Reader
from frontend.timeline import milestone_line
from outcomes.models import MilestoneEvent


@dataclass(frozen=True, kw_only=True)
class Told:
    """One entry. files: what shows it, by name and address."""

    kind: str
    when: str
    datetime: str
    mark: str
    css: str
    said: str
    note: str
    evidence: str
    written: str
    files: Sequence[tuple[str, str]]


def told_of(event: MilestoneEvent, reader: Reader, slug: str) -> Told:
    """An entry, with the day on which it was written down where that is another one."""
    line = milestone_line(event, reader)
    written = words.today_in(reader.zone, event.recorded_at)
    later = written != event.effective_on
    return Told(
        kind=event.get_kind_display(),
        when=line.when,
        datetime=line.datetime,
        mark=line.mark,
        css=line.css,
        said=line.said,
        note=line.note,
        evidence=line.evidence,
        written=gettext("Written down {day}.").format(day=words.day(written, today=reader.today)) if later else "",
        files=[(one.name, reverse("evidence", args=[slug, one.pk])) for one in event.files.all()],
    )


def evidence_of(ledger: Sequence[MilestoneEvent], reader: Reader, slug: str) -> list[dict[str, Any]]:
    """What shows the outcomes of a deal, the newest first: files and addresses."""
    return [
        {"words": name, "url": url, "is_file": is_file, "beside": f"{event.type.name}, {when}"}
        for event in ledger
        for when in [words.day(event.effective_on, today=reader.today)]
        for name, url, is_file in [
            *((one.name, reverse("evidence", args=[slug, one.pk]), True) for one in event.files.all()),
            *([(host_of(event.evidence), event.evidence, False)] if event.evidence else []),
        ]
    ]


def host_of(address: str) -> str:
    """Where an address leads, in short."""
    return address.partition("://")[2].partition("/")[0][:80] or address[:80]
