"""Ids as programs see them: `deal_01jd0c6mfsez9rgrqkxwvp3cx4`, a type and a UUID in 26 characters (TypeID).

The 128 bits are written in Crockford's base 32, small letters, highest first, so ids of one type sort by age. The
type is checked on the way in: an activity's id where a deal's is wanted is no id at all.
"""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 26
# 26 characters hold 130 bits, so the first one is 7 at the most.
PATTERN = "[0-7][0-9a-hjkmnp-tv-z]{25}"
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}

# One short word for each type of row that has an id outside.
ORGANISATION, MEMBER, TOKEN, TEAM, INVITATION = "org", "mem", "tok", "team", "inv"
COMPANY, PIPELINE, STAGE, END_REASON, DEAL, DEAL_EVENT = "com", "pip", "stg", "rsn", "deal", "evt"
CONTACT, BUYING_ROLE, ATTRIBUTE, MERGE = "con", "rol", "att", "mrg"
COMPETITOR, DEAL_SOURCE, EXCHANGE_RATE, BULK_EDIT = "cmp", "src", "fxr", "blk"
STRATEGY, STRATEGY_VERSION, SEGMENT, PERSONA, PLAY = "str", "ver", "seg", "per", "ply"
ACTIVITY, ACTIVITY_TYPE, OUTPUT, OUTPUT_TYPE = "act", "aty", "out", "oty"
MILESTONE, MILESTONE_TYPE, MILESTONE_EVENT, EVIDENCE_FILE = "mst", "mty", "mev", "evf"
CONFIRMATION, MUTUAL_STEP, PLANNED_ACTIVITY, TARGET, CONVERSATION = "cnf", "stp", "pln", "tgt", "cnv"
EVENT, WEBHOOK, DELIVERY, IMPORT_RUN = "evn", "whk", "dlv", "imp"
AUDIT_EVENT = "aud"

# How generated clients call a row that is named beside its id: `CompanyRef`. Others are called by their type.
WORDS = {
    MEMBER: "Member",
    COMPANY: "Company",
    PIPELINE: "Pipeline",
    END_REASON: "EndReason",
    CONTACT: "Contact",
    COMPETITOR: "Competitor",
    DEAL_SOURCE: "DealSource",
    STRATEGY: "Strategy",
    SEGMENT: "Segment",
    PERSONA: "Persona",
    PLAY: "Play",
    ACTIVITY_TYPE: "ActivityType",
    OUTPUT_TYPE: "OutputType",
    MILESTONE_TYPE: "MilestoneType",
}


class NotAnId(ValueError):
    """The text is no id of the wanted type."""


# A page names the same stages, members and companies again and again.
@lru_cache(maxsize=1 << 16)
def encode(kind: str, key: UUID) -> str:
    """The id of a row outside."""
    bits = key.int
    return f"{kind}_" + "".join([_PAIRS[bits >> shift & 1023] for shift in range(120, -1, -10)])


@lru_cache(maxsize=1 << 16)
def decode(kind: str, text: str) -> UUID:
    """The key behind an id. Raises NotAnId for anything that `encode(kind, …)` does not write."""
    head, _, tail = text.rpartition("_")
    if head != kind or len(tail) != LENGTH or tail[0] > "7":
        raise NotAnId(text)
    bits = 0
    try:
        for letter in tail:
            bits = bits << 5 | _VALUES[letter]
    except KeyError as error:
        raise NotAnId(text) from error
    return UUID(int=bits)


def pattern(kind: str) -> str:
    """The regular expression of an id of this type."""
    return f"^{kind}_{PATTERN}$"
