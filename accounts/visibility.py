"""Whose deals a member sees: everybody's, or those of some people (the organisation's setting `visibility`).

The door that knows the member enters `seen_by(member)`. From then on every query for deals, and for what belongs to
deals, is narrowed when it runs, as it is by the tenant. So a new page or a new endpoint has nothing to remember; what
is outside of a member's sight is to it as if it were not there. Code that works for no member (tasks, commands) sees
everything; what it makes for one of them it makes inside `seen_by`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast
from uuid import UUID

from django.core.exceptions import FullResultSet
from django.db import connection, models
from django.db.models import F

from accounts.tenancy.models import TenantManager, TenantQuerySet
from accounts.tenancy.scope import current_tenant_id

if TYPE_CHECKING:
    from accounts.models import Membership

Row = TypeVar("Row", bound=models.Model, covariant=True)

# As texts: the models refer to this module.
SEE_ALL = frozenset({"owner", "leader", "viewer"})
OWN, TEAM, ALL = "own", "team", "all"


@dataclass(frozen=True)
class Sight:
    """Whose deals somebody sees. people: their keys, the member's own among them; None for everybody's.

    managed: those of them whom the member manages. teams: the names of the teams that are seen whole, and
    in_teams whether the member is in one of them.
    """

    people: frozenset[UUID] | None = None
    me: UUID | None = None
    managed: frozenset[UUID] = frozenset()
    teams: tuple[str, ...] = ()
    in_teams: bool = False

    @property
    def is_all(self) -> bool:
        return self.people is None

    @property
    def is_own(self) -> bool:
        """Whether it is nobody's but the member's own."""
        return self.people is not None and len(self.people) == 1

    def includes(self, member: UUID | None) -> bool:
        """Whether the deals of a member are seen; those of nobody are seen by those who see all."""
        return self.people is None or member in self.people


EVERYTHING = Sight()
watching: ContextVar[Membership | None] = ContextVar("watching", default=None)

# A set grows by UNION without doubles, so a loop of teams, were there one, would end.
SIGHT = """
WITH RECURSIVE managed AS (
    SELECT team.id FROM accounts_team AS team WHERE team.tenant_id = %(tenant)s AND team.manager_id = %(me)s
    UNION
    SELECT below.id FROM accounts_team AS below JOIN managed ON below.parent_id = managed.id
    WHERE below.tenant_id = %(tenant)s
), shown AS (
    SELECT managed.id FROM managed UNION SELECT %(team)s::uuid WHERE %(team)s IS NOT NULL
), people AS (
    SELECT member.id, member.team_id IN (SELECT managed.id FROM managed) AS is_managed
    FROM accounts_membership AS member
    WHERE member.tenant_id = %(tenant)s AND member.team_id IN (SELECT shown.id FROM shown)
)
SELECT ARRAY(SELECT people.id FROM people), ARRAY(SELECT people.id FROM people WHERE people.is_managed),
       ARRAY(SELECT team.name FROM accounts_team AS team
             WHERE team.tenant_id = %(tenant)s AND team.id IN (SELECT shown.id FROM shown)
               AND (team.parent_id IS NULL OR team.parent_id NOT IN (SELECT managed.id FROM managed))
             ORDER BY team.name)
"""


def sees_all(member: Membership) -> bool:
    """Whether the member sees everybody's deals, told without a query."""
    return member.role in SEE_ALL or member.tenant.visibility == ALL


def sight_of(member: Membership) -> Sight:
    """Whose deals the member sees.

    Owners, leaders and viewers: everybody's. A manager: their own and those of the people in the teams that they
    manage and in the teams below. A rep: their own. Where the organisation says "team", also those of the member's
    own team. In a team are also its placeholders and those who have left. One query, once for a membership at hand.
    """
    if sees_all(member):
        return EVERYTHING
    known: Sight | None = member.__dict__.get("_sight")
    if known is None:
        known = member.__dict__["_sight"] = _ask(member)
    return known


def _ask(member: Membership) -> Sight:
    own_team = member.team_id if member.tenant.visibility == TEAM else None
    with connection.cursor() as cursor:
        cursor.execute(SIGHT, {"tenant": member.tenant_id, "me": member.pk, "team": own_team})
        people, managed, teams = cursor.fetchone()
    return Sight(
        people=frozenset([member.pk, *people]),
        me=member.pk,
        managed=frozenset(managed),
        teams=tuple(teams),
        in_teams=member.pk in people,
    )


@contextmanager
def seen_by(member: Membership | None) -> Iterator[None]:
    """Show the code inside the deals that the member sees and no others."""
    mark = watching.set(member)
    try:
        yield
    finally:
        watching.reset(mark)


def of_everybody() -> Any:
    """Look past the member's sight, for bookkeeping whose answer shows nobody a deal."""
    return seen_by(None)


def current_sight() -> Sight:
    """The sight of the member for whom the running code works; everything where it works for none."""
    member = watching.get()
    return EVERYTHING if member is None else sight_of(member)


class Way(NamedTuple):
    """One way by which a row is seen, as a condition on its table.

    `{people}` and `{tenant}` are filled in, and so is each column in braces. Where a column of the table itself names
    the person, `person` does, and `where` is what else must hold.
    """

    where: str = ""
    person: str = ""

    @property
    def text(self) -> str:
        parts = [f"{{{self.person}}} = ANY ({{people}})" if self.person else "", self.where]
        return " AND ".join(part for part in parts if part)


#: A row that belongs to a deal is seen with its deal.
WITH_ITS_DEAL = Way(
    "{deal_id} IN (SELECT seen.id FROM strategy_deal AS seen"
    " WHERE seen.tenant_id = {tenant} AND seen.owner_id = ANY ({people}))"
)
COLUMN = re.compile(r"\{(\w+_id)\}")


def condition(ways: tuple[Way, ...], *, column: Callable[[str], str], people: str, tenant: str) -> str:
    """The condition under which one of the ways holds; `column` says how a column is written."""
    texts = [COLUMN.sub(lambda found: column(found[1]), way.text) for way in ways]
    either = " OR ".join(f"({text})" for text in texts)
    # Not by format(): a column is written with whatever signs the writer needs.
    return f"({either.replace('{people}', people).replace('{tenant}', tenant)})"


class InSight(models.Expression):
    """Whether a row is in the sight of the member for whom the query runs, not of the one for whom it was written."""

    output_field = models.BooleanField()

    def __init__(self, ways: tuple[Way, ...]) -> None:
        super().__init__()
        self.ways = ways
        names = sorted({name for way in ways for name in COLUMN.findall(way.text)})
        self.columns: dict[str, Any] = {name: F(name) for name in names}

    def get_source_expressions(self) -> list[Any]:
        return list(self.columns.values())

    def set_source_expressions(self, exprs: Any) -> None:
        self.columns = dict(zip(self.columns, exprs, strict=True))

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        sight = current_sight()
        if sight.people is None:
            raise FullResultSet
        written = {name: compiler.compile(column) for name, column in self.columns.items()}
        text = condition(
            self.ways, column=lambda name: cast("str", written[name][0]), people="%s::uuid[]", tenant="%s::bigint"
        )
        given = {"%s::uuid[]": list(sight.people), "%s::bigint": current_tenant_id()}
        return text, tuple(given[found] for found in re.findall(r"%s::uuid\[\]|%s::bigint", text))


class SeenManager(TenantManager[Row]):
    """Rows of the current tenant that the member sees: the model says by `seen` in which ways."""

    def get_queryset(self) -> TenantQuerySet[Row]:
        ways: tuple[Way, ...] = self.model.seen  # type: ignore[attr-defined]
        return super().get_queryset().filter(InSight(ways))
