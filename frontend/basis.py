"""What a report stands on: from when its figures are, and how much is on record for them."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext, ngettext

from frontend import words
from outcomes.queries.statistics import Population, Statistics, Whose
from outcomes.statistics.minimum import PERCENTAGE_DEALS

#: Below it a share is said as "3 of 9".
SHARE_FROM = PERCENTAGE_DEALS


@dataclass(frozen=True, kw_only=True)
class Freshness:
    """From when the figures are, and whether something waits to be counted."""

    words: str
    updating: bool


def freshness(found: Statistics, *, counts_from: int, today: date) -> Freshness:
    """The line that says what the figures stand on."""
    if found.generation is None:
        return Freshness(words=gettext("The first figures are being counted."), updating=found.updating)
    said = {"day": words.day(found.generation.as_of, today=today), "n": counts_from}
    line = gettext("As of {day}. Outcomes count from evidence grade E{n}.").format(**said)
    until = _source_knew_until(found)
    if until is not None and until < found.generation.as_of:
        # Without it a report on an old export reads as if its open deals had been watched to this day.
        told = words.day(until, today=today)
        line = f"{line} {gettext('What was imported was known until {day}.').format(day=told)}"
    return Freshness(words=line, updating=found.updating)


def population_words(population: Population) -> str:
    """Whose deals the figures count; nothing where it is everybody's."""
    sight = population.sight
    if population.whose == Whose.EVERYBODY:
        return ""
    if population.whose == Whose.OWN:
        own = gettext("Your own deals.")
        why = gettext("Figures of fewer than three people would tell of one of them.")
        return f"{own} {why}" if population.held_back else own
    said = {"teams": words.listed(sight.teams), "people": words.people(len(sight.people or ()))}
    if sight.in_teams:
        return ngettext("Team {teams}: {people}.", "Teams {teams}: {people}.", len(sight.teams)).format(**said)
    told = ngettext("You and team {teams}: {people}.", "You and teams {teams}: {people}.", len(sight.teams))
    return told.format(**said)


def _source_knew_until(found: Statistics) -> date | None:
    said = found.results["chance_to_win"].detail.get("observed_until")
    return date.fromisoformat(said) if said else None


def too_few_closed(found: Statistics) -> int | None:
    """How many closed deals there are, where that is too few for a report; None where there are enough."""
    closed = found.results["waste_deals"].n if found.results else 0
    return closed if closed < SHARE_FROM else None


def with_outcomes(found: Statistics) -> int:
    """How many closed deals have an outcome on record."""
    cube = found.results["waste_deals"].detail.get("cells", []) if found.results else []
    return sum(cell["deals"] for cell in cube if cell["cause"] != "open" and cell["milestone"])
