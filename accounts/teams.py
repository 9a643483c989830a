"""The tree of teams: who sells together, below whom, and how that is asked in one question."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q

from accounts.models import Membership, Team
from accounts.tenancy.scope import current_tenant_id

# UNION and not UNION ALL: each team is found once, so that even a circle would have an end.
BELOW = """
    WITH RECURSIVE below(id) AS (
        SELECT id FROM accounts_team WHERE tenant_id = %(tenant)s AND ({begin})
        UNION
        SELECT team.id FROM below JOIN accounts_team AS team
            ON team.tenant_id = %(tenant)s AND team.parent_id = below.id
    )
    SELECT id FROM below
"""


class Branch(NamedTuple):
    """A team where it stands in the tree. `depth` is 0 for one that is below no other."""

    team: Team
    depth: int
    members: int


def teams_below(teams: Iterable[UUID]) -> frozenset[UUID]:
    """The keys of these teams and of every team below them."""
    return _below("id = ANY(%(keys)s)", keys=list(teams))


def teams_managed_by(member: Membership) -> frozenset[UUID]:
    """The keys of the teams that a member manages, and of every team below them."""
    return _below("manager_id = %(member)s", member=member.pk)


def members_below(member: Membership) -> frozenset[UUID]:
    """The keys of everybody in the teams that a member manages, the member included."""
    found = Membership.objects.filter(team_id__in=teams_managed_by(member)).values_list("pk", flat=True)
    return frozenset(found) | {member.pk}


def tree() -> list[Branch]:
    """Every team under the one it is below, siblings by name, with how many active members it has itself."""
    counted = Team.objects.select_related("manager").annotate(
        many=Count("members", filter=Q(members__is_active=True)),
    )
    children: dict[UUID | None, list[Team]] = {}
    for one in sorted(counted, key=lambda one: one.name.casefold()):
        children.setdefault(one.parent_id, []).append(one)
    found: list[Branch] = []
    waiting = [(team, 0) for team in reversed(children.get(None, []))]
    while waiting:
        team, depth = waiting.pop()
        found.append(Branch(team, depth, getattr(team, "many", 0)))
        waiting += [(child, depth + 1) for child in reversed(children.get(team.pk, []))]
    return found


def _below(begin: str, **values: Any) -> frozenset[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(BELOW.format(begin=begin), {"tenant": current_tenant_id(), **values})
        return frozenset(key for (key,) in cursor.fetchall())
