"""An import in words: what was understood of its files, how far it is, what became of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext, ngettext, ngettext_lazy

from accounts.imports import report
from accounts.imports.problems import say
from accounts.imports.report import Sheet, Trouble
from accounts.models import ImportRow, ImportRun
from frontend import words
from strategy.queries import Lacking

STATES = ImportRun.State
#: So much of an import must be over before its speed says anything about the rest.
ENOUGH = 0.05
#: How a row can end, in the order in which it is told.
ENDED: Mapping[str, Any] = {
    "created": ngettext_lazy("{n} new", "{n} new", "n"),
    "updated": ngettext_lazy("{n} changed", "{n} changed", "n"),
    "unchanged": ngettext_lazy("{n} as before", "{n} as before", "n"),
    "used": ngettext_lazy("{n} looked up", "{n} looked up", "n"),
    "refused": ngettext_lazy("{n} refused", "{n} refused", "n"),
}
#: What came in besides the rows of the files.
BESIDES: Mapping[str, Any] = {
    "companies_by_name": ngettext_lazy(
        "{n} company is known by its name only.", "{n} companies are known by their names only.", "n"
    ),
    "reps_by_name": ngettext_lazy(
        "{n} owner of deals is known by name only.", "{n} owners of deals are known by name only.", "n"
    ),
    "managers_by_name": ngettext_lazy("{n} manager was added by name.", "{n} managers were added by name.", "n"),
}


def counted(sentence: Any, number: int) -> str:
    """A sentence about a number of things."""
    return str(sentence % {"n": number}).format(n=words.number(number))


def rows(number: int) -> str:
    """A number of rows."""
    return ngettext("{n} row", "{n} rows", number).format(n=words.number(number))


def outcomes(counts: Mapping[str, int]) -> str:
    """How rows ended: "85 new, 3 changed and 2 refused"."""
    told = [counted(sentence, counts[name]) for name, sentence in ENDED.items() if counts.get(name)]
    return words.listed(told)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of an import, as the line above the page shows it."""

    words: str
    done: bool
    here: bool


def steps(run: ImportRun | None) -> list[Step]:
    """Upload, check, import: which is done, and which is under way."""
    names = [gettext("Upload"), gettext("Check"), gettext("Import")]
    if run is None:
        now = 0
    elif run.state == STATES.UPLOADED:
        now = 1
    else:
        now = 3 if run.state == STATES.DONE else 2
    return [Step(words=name, done=number < now, here=number == now) for number, name in enumerate(names)]


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One file's rows in the run box. `standing` is done, here or todo."""

    title: str
    standing: str
    number: str
    words: str


def phases(sheets: Sequence[Sheet], run: ImportRun) -> list[Phase]:
    """The files of a run in their order, each with how far it is."""
    found, is_first = [], True
    for sheet in sheets:
        file = sheet.file
        if sheet.is_done and run.state != STATES.QUEUED:
            standing, told, number = "done", outcomes(file.counts), words.number(file.rows)
        elif is_first and run.is_under_way:
            standing, told, is_first = "here", outcomes(file.counts), False
            number = gettext("{n} of {total}").format(n=words.number(file.rows_done), total=words.number(file.rows))
        else:
            standing, told, number = "todo", gettext("waiting"), words.number(file.rows)
        found.append(Phase(title=str(sheet.title), standing=standing, number=number, words=told))
    return found


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is. `quarter` is said aloud, so it changes seldom."""

    done: int
    total: int
    percent: str
    count_words: str
    left_words: str
    quarter: str


def progress(run: ImportRun) -> Progress:
    """The bar, the count in words, and how long it will take at the speed so far."""
    share = run.rows_done / run.rows_total if run.rows_total else 1.0
    quarters = {0: gettext("The import has begun"), 1: gettext("A quarter is in"), 2: gettext("Half is in")}
    return Progress(
        done=run.rows_done,
        total=run.rows_total,
        percent=words.percent(int(share * 100) / 100),
        count_words=gettext("{n} of {rows}").format(n=words.number(run.rows_done), rows=rows(run.rows_total)),
        left_words=left(run),
        quarter=quarters.get(int(share * 4), gettext("Three quarters are in")),
    )


def left(run: ImportRun) -> str:
    """Speed and time left, as soon as there is a speed."""
    seconds = run.checkpoint.get("seconds", 0)
    if run.rows_done < run.rows_total * ENOUGH or not seconds:
        return ""
    speed = run.rows_done / seconds
    remaining = round((run.rows_total - run.rows_done) / speed)
    a_second = gettext("{n} rows a second").format(n=words.number(round(speed)))
    if remaining < 1:
        return a_second
    if remaining < 90:
        told = ngettext("about {n} second left", "about {n} seconds left", remaining).format(n=remaining)
    else:
        minutes = round(remaining / 60)
        told = ngettext("about {n} minute left", "about {n} minutes left", minutes).format(n=minutes)
    return f"{a_second}, {told}"


def title(run: ImportRun) -> str:
    """The title of a run's page, which says how it stands."""
    if run.state == STATES.UPLOADED:
        return gettext("Check what we understood")
    if run.state == STATES.QUEUED:
        return gettext("Waiting to bring in {rows}").format(rows=rows(run.rows_total))
    if run.state == STATES.RUNNING:
        return gettext("Bringing in {rows}").format(rows=rows(run.rows_total))
    if run.state == STATES.DONE:
        return gettext("{rows} accounted for").format(rows=rows(run.rows_total))
    return gettext("Stopped after {n} of {rows}").format(n=words.number(run.rows_done), rows=rows(run.rows_total))


def window_title(run: ImportRun) -> str:
    """What the browser's tab says: how far it is while it runs."""
    if run.state == STATES.RUNNING:
        return gettext("{percent} imported").format(percent=progress(run).percent)
    return title(run)


def totals(sheets: Sequence[Sheet]) -> dict[str, int]:
    """How all rows ended."""
    return {name: sum(sheet.count(name) for sheet in sheets) for name in ENDED}


def lede(run: ImportRun, sheets: Sequence[Sheet]) -> str:
    """One sentence under the title."""
    if run.state == STATES.UPLOADED:
        return gettext("{source}: {files}, {rows}. Nothing is stored yet.").format(
            source=report.preset_of(run).title,
            files=ngettext("{n} file", "{n} files", len(sheets)).format(n=len(sheets)),
            rows=rows(run.rows_total),
        )
    if run.is_under_way:
        if run.stop_asked:
            return gettext("It stops after the batch under way.")
        return gettext("You can close this page and come back.")
    told = outcomes(totals(sheets))
    if run.state == STATES.DONE:
        took = max(1, round(run.checkpoint.get("seconds", 0)))
        seconds = ngettext("{n} second", "{n} seconds", took).format(n=words.number(took))
        return gettext("{outcomes}, in {seconds}.").format(outcomes=told, seconds=seconds)
    if run.error:
        return say(run.error["code"], run.error)
    return gettext("What came in stays. You can go on from there.") if run.rows_done else gettext("Nothing came in.")


def besides(run: ImportRun) -> list[str]:
    """What came in besides the rows of the files."""
    return [counted(sentence, run.counts[name]) for name, sentence in BESIDES.items() if run.counts.get(name)]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Rows alike, in a list: how many and what, where and what to do."""

    heading: str
    sentence: str


def refusals(run: ImportRun) -> list[Finding]:
    """Why rows were refused, the most frequent reason first."""
    return [finding(trouble, where(trouble)) for trouble in report.troubles(run)]


def notes(run: ImportRun) -> list[Finding]:
    """What is worth knowing of rows that came in."""
    return [finding(trouble, trouble.sentence) for trouble in report.notes(run)]


def finding(trouble: Trouble, sentence: str) -> Finding:
    return Finding(heading=trouble.heading(words.number(trouble.rows)), sentence=sentence)


@dataclass(frozen=True, kw_only=True)
class Unmet:
    """Deals that came to a stage without what it asks for: a sentence, and some of them by name and address."""

    heading: str
    deals: Sequence[tuple[str, str]]


def lacking(found: Lacking, slug: str) -> Unmet:
    """What a stage asks for that an import could not be asked for."""
    heading = ngettext(
        "{n} deal came to “{stage}” without what it asks for: {name}",
        "{n} deals came to “{stage}” without what it asks for: {name}",
        found.number,
    ).format(n=words.number(found.number), stage=found.stage.name, name=found.name)
    return Unmet(heading=heading, deals=[(one.name, reverse("deal", args=[slug, one.pk])) for one in found.some])


def where(trouble: Trouble) -> str:
    """Examples of what is wrong and the first place where it is."""
    shown = words.listed([f"“{value[:60]}”" for value in dict.fromkeys(trouble.values)])
    place = gettext("Line {line} of {file} is the first.").format(line=trouble.line, file=trouble.file)
    return f"{shown}. {place}" if shown else place


@dataclass(frozen=True, kw_only=True)
class RefusedRow:
    """One refused row: where it stands, what is wrong there, what to do."""

    place: str
    column: str
    value: str
    todo: str


def refused_row(row: ImportRow) -> RefusedRow:
    """A refused row in words."""
    return RefusedRow(
        place=gettext("{file}, line {line}").format(file=row.file.name, line=row.line),
        column=row.column,
        value=row.value,
        todo=report.say_of(row),
    )
