"""What becomes of members: their role, name and team, their leaving and coming back, and whose the organisation is."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import ApiToken, Membership, Team
from accounts.models.organisation import Role
from accounts.names import NotAName, clean_name
from accounts.permissions import reaches, require
from accounts.refusals import Invalid
from accounts.services.invitations import end_invitations_of
from accounts.services.refusals import LastOwner, MemberIsOver, NotAPlaceholder, OutOfReach
from accounts.services.turns import take_turn, take_turn_as
from accounts.services.webhooks import stop_webhooks_of


def change_role(*, member: Membership, to: str, actor: Membership, at: datetime) -> None:
    """Give a member another role. What they had invited for and what they kept, and now could not, ends with it.

    Raises OutOfReach when the member or the role is above the actor's, LastOwner, NotAllowed.
    """
    with transaction.atomic():
        take_turn_as(actor, "member.edit")
        _refresh(member)
        _refuse_above(member, actor)
        if not reaches(actor, to):
            raise OutOfReach
        if member.role == to:
            return
        _refuse_last_owner(member)
        was, member.role = member.role, Role(to)
        member.save(update_fields=["role"])
        end_invitations_of(member, at=at)
        stop_webhooks_of(member, actor=actor, at=at)
        audit.record(verb="member.role_changed", subject=member, actor=actor, at=at, name=member.name, role=[was, to])


def rename_member(*, member: Membership, name: str, actor: Membership, at: datetime) -> None:
    """Call a member by another name, in this organisation only. Everybody may change their own.

    Raises Invalid, OutOfReach, NotAllowed.
    """
    if actor.pk != member.pk:
        require(actor, "member.edit")
        _refuse_above(member, actor)
    try:
        name = clean_name(name)
    except NotAName as error:
        raise Invalid(fields={"name": str(error)}) from error
    if member.name == name:
        return
    with transaction.atomic():
        was, member.name = member.name, name
        member.save(update_fields=["name"])
        audit.record(verb="member.renamed", subject=member, actor=actor, at=at, name=[was, name])


def put_in_team(*, member: Membership, team: Team | None, actor: Membership, at: datetime) -> None:
    """Put a member into a team, or out of any. Raises OutOfReach, NotAllowed."""
    require(actor, "member.edit")
    _refuse_above(member, actor)
    left = member.team
    if (left and left.pk) == (team and team.pk):
        return
    with transaction.atomic():
        member.team = team
        member.save(update_fields=["team"])
        teams = [left.name if left else None, team.name if team else None]
        audit.record(verb="member.moved", subject=member, actor=actor, at=at, name=member.name, team=teams)


def deactivate_member(*, member: Membership, actor: Membership, at: datetime) -> None:
    """Keep somebody out from their next request on. Their keys, invitations and webhooks end; their deals stay theirs.

    Raises OutOfReach, LastOwner, NotAllowed.
    """
    with transaction.atomic():
        take_turn_as(actor, "member.edit")
        _refresh(member)
        _refuse_above(member, actor)
        if member.is_active:
            _end(member, actor=actor, at=at, verb="member.deactivated")


def leave_organisation(*, member: Membership, at: datetime) -> None:
    """Leave of one's own accord. An owner or a leader can reactivate the member. Raises LastOwner."""
    with transaction.atomic():
        take_turn()
        _refresh(member)
        if member.is_active:
            _end(member, actor=member, at=at, verb="member.left")


def reactivate_member(*, member: Membership, actor: Membership, at: datetime) -> None:
    """Let somebody in again, with the role they had. Their keys stay ended. Raises OutOfReach, NotAllowed,
    and NotAPlaceholder for one that became another member."""
    with transaction.atomic():
        take_turn_as(actor, "member.edit")
        _refresh(member)
        _refuse_above(member, actor)
        if member.merged_into_id is not None:
            raise NotAPlaceholder(member=member.name)
        if not member.is_active:
            member.is_active = True
            member.save(update_fields=["is_active"])
            audit.record(verb="member.reactivated", subject=member, actor=actor, at=at, name=member.name)


def hand_over_ownership(*, to: Membership, actor: Membership, at: datetime) -> None:
    """Make somebody an owner and step down to leader, in one deed.

    Raises MemberIsOver for one who cannot sign in, NotAllowed.
    """
    with transaction.atomic():
        take_turn_as(actor, "organisation.secure")
        _refresh(to)
        if to.pk == actor.pk:
            raise Invalid(fields={"to": _("Choose somebody else.")})
        if not to.is_active or to.is_placeholder:
            raise MemberIsOver(member=to.name)
        was, to.role, actor.role = to.role, Role.OWNER, Role.LEADER
        to.save(update_fields=["role"])
        actor.save(update_fields=["role"])
        end_invitations_of(actor, at=at)
        audit.record(verb="organisation.handed_over", subject=to, actor=actor, at=at, name=to.name, role=[was, "owner"])


def _end(member: Membership, *, actor: Membership, at: datetime, verb: str) -> None:
    _refuse_last_owner(member)
    member.is_active = False
    member.save(update_fields=["is_active"])
    tokens = ApiToken.objects.filter(membership=member, revoked_at=None).update(revoked_at=at)
    ended = end_invitations_of(member, at=at)
    stopped = stop_webhooks_of(member, actor=actor, at=at)
    counts = {"tokens": tokens, "invitations": ended, "webhooks": stopped}
    audit.record(verb=verb, subject=member, actor=actor, at=at, name=member.name, **counts)


def _refuse_above(member: Membership, actor: Membership) -> None:
    if not reaches(actor, member.role):
        raise OutOfReach


def _refuse_last_owner(member: Membership) -> None:
    """Asked in the turn of the deed, so that two owners who leave at once are asked one after the other."""
    if member.role != Role.OWNER or not member.is_active or member.is_placeholder:
        return
    others = Membership.objects.filter(role=Role.OWNER, is_active=True, user__isnull=False, user__is_active=True)
    if not others.exclude(pk=member.pk).exists():
        raise LastOwner(member=member.name)


def _refresh(member: Membership) -> None:
    member.refresh_from_db(fields=["role", "is_active", "user", "merged_into"])
