"""Teams: a tree without circles, in which no two have the same name."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Invitation, Membership, Team
from accounts.names import NotAName, clean_name, folded
from accounts.refusals import Invalid
from accounts.services.refusals import MemberIsOver, TeamBelowItself, TeamInUse, TeamNameTaken
from accounts.services.turns import take_turn_as
from accounts.teams import teams_below

# A tree deeper than this is a mistake, and no page could show it.
DEEPEST = 12


def add_team(
    *,
    name: str,
    actor: Membership,
    at: datetime,
    parent: Team | None = None,
    manager: Membership | None = None,
) -> Team:
    """Add a team, below another one or below none.

    Raises Invalid, TeamNameTaken, MemberIsOver for a manager who cannot sign in any more, NotAllowed.
    """
    with transaction.atomic():
        take_turn_as(actor, "team.edit")
        name = _free_name(name)
        _refuse_deep(parent, 1)
        _refuse_over(manager)
        team = Team.objects.create(name=name, parent=parent, manager=manager)
        audit.record(verb="team.added", subject=team, actor=actor, at=at, name=team.name)
    return team


def rename_team(*, team: Team, name: str, actor: Membership, at: datetime) -> None:
    """Call a team by another name. Raises Invalid, TeamNameTaken, NotAllowed."""
    with transaction.atomic():
        take_turn_as(actor, "team.edit")
        name = _free_name(name, but=team)
        if team.name == name:
            return
        was, team.name = team.name, name
        team.save(update_fields=["name"])
        audit.record(verb="team.renamed", subject=team, actor=actor, at=at, name=[was, name])


def move_team(*, team: Team, below: Team | None, actor: Membership, at: datetime) -> None:
    """Put a team, with all below it, below another one or below none. Raises TeamBelowItself, Invalid, NotAllowed."""
    with transaction.atomic():
        # In turn: two teams that move below each other at once would each see the other where it was.
        take_turn_as(actor, "team.edit")
        team.refresh_from_db(fields=["parent"])
        if team.parent_id == (below and below.pk):
            return
        if below is not None and below.pk in teams_below([team.pk]):
            raise TeamBelowItself(team=team.name, parent=below.name)
        _refuse_deep(below, _height(team))
        team.parent = below
        team.save(update_fields=["parent"])
        audit.record(
            verb="team.moved", subject=team, actor=actor, at=at, name=team.name, below=below.name if below else None
        )


def set_manager(*, team: Team, to: Membership | None, actor: Membership, at: datetime) -> None:
    """Say who manages a team. Raises MemberIsOver, NotAllowed."""
    with transaction.atomic():
        take_turn_as(actor, "team.edit")
        if team.manager_id == (to and to.pk):
            return
        _refuse_over(to)
        team.manager = to
        team.save(update_fields=["manager"])
        name = to.name if to else None
        audit.record(verb="team.manager_set", subject=team, actor=actor, at=at, name=team.name, manager=name)


def remove_team(*, team: Team, actor: Membership, at: datetime) -> None:
    """Remove a team in which nobody is and below which none is; what was invited into it, is invited into none.

    Raises TeamInUse, NotAllowed.
    """
    with transaction.atomic():
        take_turn_as(actor, "team.edit")
        if Membership.objects.filter(team=team).exists() or Team.objects.filter(parent=team).exists():
            raise TeamInUse(team=team.name)
        audit.record(verb="team.removed", subject=team, actor=actor, at=at, name=team.name)
        Invitation.objects.filter(team=team).update(team=None)
        team.delete()


def _free_name(name: str, *, but: Team | None = None) -> str:
    """The name in its one spelling. Two that differ only in how they are written would be taken for one."""
    try:
        name = clean_name(name)
    except NotAName as error:
        raise Invalid(fields={"name": str(error)}) from error
    for key, other in Team.objects.values_list("pk", "name"):
        if folded(other) == folded(name) and not (but and but.pk == key):
            raise TeamNameTaken(name=other, fields={"name": str(TeamNameTaken(name=other))})
    return name


def _refuse_over(manager: Membership | None) -> None:
    if manager is not None and not manager.is_active:
        raise MemberIsOver(member=manager.name)


def _refuse_deep(parent: Team | None, height: int) -> None:
    depth, above = height, parent
    while above is not None and depth <= DEEPEST:
        depth, above = depth + 1, above.parent
    if depth > DEEPEST:
        raise Invalid(fields={"parent": _("Teams stand at most {most} below each other.").format(most=DEEPEST)})


def _height(team: Team) -> int:
    """How many levels a team and those below it have."""
    height, level = 0, [team.pk]
    while level and height <= DEEPEST:
        height, level = height + 1, list(Team.objects.filter(parent__in=level).values_list("pk", flat=True))
    return height
