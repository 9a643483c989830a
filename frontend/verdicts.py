"""What is said of a strategy's plays: working, not working, or why it cannot be told yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from frontend import words
from frontend.basis import population_words
from outcomes.queries.plays import Judging
from outcomes.statistics.plays import Judged, Tally, Verdict
from strategy.plan.document import Document, Play

#: Of the width of the drawing that the highest end of an interval takes.
ROOM = 96
NAMES: dict[Verdict, str | Promise] = {
    Verdict.WORKING: _("Working"),
    Verdict.NOT_WORKING: _("Not working"),
    Verdict.NO_DIFFERENCE: _("No clear difference"),
    Verdict.TOO_FEW: _("Not enough data"),
    Verdict.UNKNOWN: _("Not judged yet"),
}
CSS = {Verdict.WORKING: "good", Verdict.NOT_WORKING: "bad", Verdict.NO_DIFFERENCE: ""}
ICONS = {Verdict.WORKING: "check", Verdict.NOT_WORKING: "warn"}


@dataclass(frozen=True, kw_only=True)
class Told:
    """A verdict in words; `more` says what is missing for one."""

    words: str
    more: str = ""
    css: str = "wait"
    icon: str = ""


@dataclass(frozen=True, kw_only=True)
class Won:
    """The share won with its interval, and where deals of the same ages stand; places are percent of the drawing."""

    share: str
    told: str
    label: str
    at_css: str
    low_css: str
    high_css: str
    expected_css: str


@dataclass(frozen=True, kw_only=True)
class Group:
    """One part of the strip: what works, what does not, what cannot be told."""

    title: str
    css: str
    items: Sequence[tuple[str, str]]


def told(of: Judged) -> Told:
    """The verdict beside a play."""
    more = ""
    if of.verdict == Verdict.TOO_FEW:
        more = ngettext("{n} more to close", "{n} more to close", of.more).format(n=words.number(of.more))
    elif of.verdict == Verdict.UNKNOWN:
        more = gettext("Too little is known of all deals")
    return Told(
        words=str(NAMES[of.verdict]),
        more=more,
        css=CSS.get(of.verdict, "wait"),
        icon=ICONS.get(of.verdict, ""),
    )


def counted(of: Tally) -> str:
    """The wins of the qualified as they are counted; what is open is said, since it can still be won."""
    if not of.qualified:
        return gettext("None qualified")
    said = gettext("{won} of {n} won").format(won=words.number(of.won), n=words.number(of.qualified))
    if not (going := of.qualified - of.ended):
        return said
    return gettext("{told}, {n} still open").format(told=said, n=words.number(going))


def scale(found: Judging) -> float:
    """How much of the drawing one stands for, so that all intervals of a page can be compared."""
    ends = [one.share.high for one in found.plays.values() if one.share]
    ends += [one.tally.expected for one in found.plays.values() if one.share and one.tally.expected is not None]
    return ROOM / max([*ends, 0.1])


def won(of: Judged, one: float) -> Won | None:
    """The share won as a drawing on a scale; None where there are too few for a share."""
    if of.share is None:
        return None
    expected, reach = of.tally.expected, words.percent_range(of.share.low, of.share.high)
    share = words.percent(of.share.value, fine=True)
    label = gettext("{share} won, interval {reach}").format(share=share, reach=reach)
    if expected is not None:
        beside = gettext("deals of the same ages: {share}").format(share=words.percent(expected, fine=True))
        label = gettext("{told}; {beside}").format(told=label, beside=beside)
    return Won(
        share=share,
        told=gettext("{reach}, {told}").format(reach=reach, told=counted(of.tally)),
        label=label,
        at_css=f"{of.share.value * one:.1f}%",
        low_css=f"{of.share.low * one:.1f}%",
        high_css=f"{of.share.high * one:.1f}%",
        expected_css=f"{expected * one:.1f}%" if expected is not None else "",
    )


def strip(text: Document, found: Judging) -> list[Group]:
    """What works, what does not and what cannot be told, at the top of the page."""
    segments = {one.id: one.name for one in text.segments}
    by_verdict: dict[Verdict, list[tuple[Play, Judged]]] = {verdict: [] for verdict in Verdict}
    for play in text.plays:
        by_verdict[found.of(play.id).verdict].append((play, found.of(play.id)))

    def named(rows: Iterable[tuple[Play, Judged]]) -> list[tuple[str, str]]:
        name = gettext("{segment}, {play}.")
        return [(name.format(segment=segments.get(play.segment, ""), play=play.name), beside(of)) for play, of in rows]

    none = [("", gettext("No play yet."))]
    unsaid = waiting(by_verdict)
    working, failing = named(by_verdict[Verdict.WORKING]), named(by_verdict[Verdict.NOT_WORKING])
    return [
        Group(title=gettext("Working"), css="" if working else "wait", items=working or none),
        Group(title=gettext("Not working"), css="bad" if failing else "wait", items=failing or none),
        Group(title=gettext("Cannot tell yet"), css="wait", items=unsaid or none),
    ]


def beside(of: Judged) -> str:
    """The wins beside those that deals of the same ages give, in whole deals."""
    said = counted(of.tally)
    if of.tally.expected is None:
        return f"{said}."
    usual = words.number(round(of.tally.expected * of.tally.qualified))
    return gettext("{told}, where {n} would be usual.").format(told=said, n=usual)


def waiting(by_verdict: dict[Verdict, list[tuple[Play, Judged]]]) -> list[tuple[str, str]]:
    """How many plays cannot be judged, and why."""
    reasons = (
        (Verdict.TOO_FEW, gettext("Fewer than 20 closed opportunities each.")),
        (Verdict.NO_DIFFERENCE, gettext("Their intervals hold what is usual.")),
        (Verdict.UNKNOWN, gettext("Too little is known of all deals to compare with.")),
    )
    said = []
    for verdict, why in reasons:
        if n := len(by_verdict[verdict]):
            said.append((ngettext("{n} play.", "{n} plays.", n).format(n=words.number(n)), why))
    return said


def basis(found: Judging) -> str:
    """How to read the verdicts, and over whose deals they are taken."""
    compared = gettext("Dotted: what all {n} qualified opportunities give at the same ages.").format(
        n=words.number(found.deals)
    )
    rule = gettext(
        "A play is working when its whole interval lies above, not working when its whole interval lies below, and is"
        " not judged before 20 have closed. Deals that came to a play after they had ended count for none."
    )
    whose = population_words(found.population)
    return " ".join(one for one in (compared if found.deals else "", rule, whose) if one)
