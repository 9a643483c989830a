"""The lists of strategies, of what they said, and of their parts, that programs read page by page."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accounts.reading import Listing, Position


class StrategyRow(NamedTuple):
    """A strategy without its text."""

    key: UUID
    name: str
    title: str | None
    state: str
    owner: UUID
    owner_name: str
    alternative_to: UUID | None
    alternative_name: str | None
    number: int | None
    is_written: bool
    created_at: datetime
    activated_at: datetime | None
    retired_at: datetime | None
    retired_because: str

    @property
    def position(self) -> Position:
        return Position(None, self.key)


NEWEST = (
    " LEFT JOIN LATERAL (SELECT said.number, said.content FROM strategy_strategyversion AS said"
    " WHERE said.tenant_id = strategy.tenant_id AND said.strategy_id = strategy.id"
    " ORDER BY said.number DESC LIMIT 1) AS newest ON TRUE"
)
STRATEGIES = Listing(
    row=StrategyRow,
    table="strategy_strategy",
    short="strategy",
    columns=(
        *("strategy.id", "strategy.name", "coalesce(newest.content, strategy.working) ->> 'title'", "strategy.state"),
        *("strategy.owner_id", "owner.name", "strategy.alternative_to_id", "other.name", "newest.number"),
        *("strategy.working IS NOT NULL", "strategy.created_at", "strategy.activated_at", "strategy.retired_at"),
        "strategy.retired_because",
    ),
    joins=(
        "JOIN accounts_membership AS owner ON owner.tenant_id = strategy.tenant_id AND owner.id = strategy.owner_id"
        " LEFT JOIN strategy_strategy AS other"
        " ON other.tenant_id = strategy.tenant_id AND other.id = strategy.alternative_to_id" + NEWEST
    ),
    narrow={"state": "strategy.state = %(state)s", "owner": "strategy.owner_id = %(owner)s"},
)


class VersionRow(NamedTuple):
    """What a strategy said from one moment on."""

    key: UUID
    number: int
    note: str
    published_at: datetime
    by: UUID
    by_name: str
    content: str

    @property
    def position(self) -> Position:
        return Position(self.published_at, self.key)


VERSIONS = Listing(
    row=VersionRow,
    table="strategy_strategyversion",
    short="version",
    columns=(
        *("version.id", "version.number", "version.note", "version.published_at", "version.published_by_id"),
        *("by.name", "version.content"),
    ),
    joins="JOIN accounts_membership AS by ON by.tenant_id = version.tenant_id AND by.id = version.published_by_id",
    moment="published_at",
    narrow={"strategy": "version.strategy_id = %(strategy)s", "number": "version.number = %(number)s"},
)


class PartRow(NamedTuple):
    """A segment, persona or play, with what the newest version that has it says."""

    key: UUID
    kind: str
    part: UUID
    name: str
    place: int
    is_current: bool
    strategy: UUID
    strategy_name: str
    text: str | None
    segment: UUID | None
    segment_name: str | None
    persona: UUID | None
    persona_name: str | None

    @property
    def position(self) -> Position:
        return Position(None, self.key)


#: [field] is where the parts of the kind stand in a text.
SAID = (
    " LEFT JOIN LATERAL (SELECT one.text FROM strategy_strategyversion AS version,"
    " jsonb_array_elements(version.content -> '[field]') AS one (text)"
    " WHERE version.tenant_id = part.tenant_id AND version.strategy_id = part.strategy_id"
    " AND one.text ->> 'id' = part.key::text ORDER BY version.number DESC LIMIT 1) AS said ON TRUE"
)


def _pointed(name: str) -> str:
    # The key as it is, and one row of it: how many there are is hidden from the planner in the text.
    return (
        " LEFT JOIN LATERAL (SELECT one.id, one.name FROM strategy_planpart AS one"  # noqa: S608  (two constants)
        " WHERE one.tenant_id = part.tenant_id AND one.strategy_id = part.strategy_id"
        f" AND one.key = nullif(said.text ->> '{name}', '')::uuid LIMIT 1) AS {name} ON TRUE"
    )


def _parts(field: str) -> Listing[PartRow]:
    return Listing(
        row=PartRow,
        table="strategy_planpart",
        short="part",
        columns=(
            *("part.id", "part.kind", "part.key", "part.name", "part.position", "part.is_current"),
            *("part.strategy_id", "strategy.name", "said.text"),
            *("segment.id", "segment.name", "persona.id", "persona.name"),
        ),
        joins=(
            "JOIN strategy_strategy AS strategy"
            " ON strategy.tenant_id = part.tenant_id AND strategy.id = part.strategy_id"
            + SAID.replace("[field]", field)
            + _pointed("segment")
            + _pointed("persona")
        ),
        narrow={
            "kind": "part.kind = %(kind)s",
            "strategy": "part.strategy_id = %(strategy)s",
            "is_current": "part.is_current = %(is_current)s",
        },
    )


SEGMENTS, PERSONAS, PLAYS = (_parts(field) for field in ("segments", "personas", "plays"))
