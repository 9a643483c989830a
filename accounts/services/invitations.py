"""Inviting people: an offer to one address, with a role and a team, by a letter whose secret opens it once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import audit, mail
from accounts.integrations.tokens import digest
from accounts.models import Invitation, Letter, Membership, Team
from accounts.models.organisation import Role
from accounts.names import NotAName, clean_address, clean_name
from accounts.permissions import allows, invitable, require
from accounts.refusals import Invalid
from accounts.services.refusals import (
    AlreadyInvited,
    AlreadyMember,
    InvitationOver,
    MemberDeactivated,
    NotAPlaceholder,
    OutOfReach,
    TooManyInvitations,
)
from accounts.services.turns import take_turn_as
from accounts.teams import teams_managed_by
from accounts.tenancy.scope import current_tenant_id

LIFETIME = timedelta(days=14)
LETTER = "invitation"
A_DAY = timedelta(days=1)


def invite(
    *,
    actor: Membership,
    email: str,
    role: str,
    at: datetime,
    team: Team | None = None,
    name: str = "",
    placeholder: Membership | None = None,
) -> Invitation:
    """Offer a place to an address and write its letter. `placeholder` is the member of an import that they become.

    A manager invites reps and viewers, into teams below them; who becomes a placeholder is for those who change
    members. Raises Invalid, OutOfReach, AlreadyMember, MemberDeactivated, AlreadyInvited, TooManyInvitations,
    NotAPlaceholder, NotAllowed.
    """
    with transaction.atomic():
        take_turn_as(actor, "member.invite")
        email, name = _read(email, name)
        _refuse_beyond(actor, role, team)
        _refuse_member(email)
        if placeholder is not None:
            _refuse_to_fill(placeholder, actor)
        _make_room(email, placeholder, at)
        secret = secrets.token_urlsafe(32)
        invitation = Invitation.objects.create(
            email=email,
            name=name,
            role=Role(role),
            team=team,
            membership=placeholder,
            invited_by=actor,
            digest=digest(secret),
            created_at=at,
            expires_at=at + LIFETIME,
        )
        _post(invitation, secret, actor, at)
        audit.record(verb="invitation.sent", subject=invitation, actor=actor, at=at, email=email, role=role)
    return invitation


def resend_invitation(*, invitation: Invitation, actor: Membership, at: datetime) -> None:
    """Send the letter again with a new secret and 14 days more; the earlier letter opens nothing any longer.

    Raises InvitationOver for one that was used or taken back, OutOfReach, TooManyInvitations, NotAllowed.
    """
    with transaction.atomic():
        take_turn_as(actor, "member.invite")
        invitation.refresh_from_db()
        if not is_open(invitation):
            raise InvitationOver
        _refuse_foreign(actor, invitation)
        _refuse_letters(at)
        secret = secrets.token_urlsafe(32)
        invitation.digest, invitation.expires_at, invitation.invited_by = digest(secret), at + LIFETIME, actor
        invitation.save(update_fields=["digest", "expires_at", "invited_by"])
        _post(invitation, secret, actor, at)
        audit.record(verb="invitation.resent", subject=invitation, actor=actor, at=at, email=invitation.email)


def revoke_invitation(*, invitation: Invitation, actor: Membership, at: datetime) -> None:
    """Take an offer back; again, or when it was used, nothing changes. Raises OutOfReach, NotAllowed."""
    with transaction.atomic():
        take_turn_as(actor, "member.invite")
        _refuse_foreign(actor, invitation)
        if _revoke([invitation], at):
            audit.record(verb="invitation.revoked", subject=invitation, actor=actor, at=at, email=invitation.email)
        invitation.refresh_from_db(fields=["revoked_at"])


def end_invitations_of(inviter: Membership, *, at: datetime) -> int:
    """End the open invitations of somebody who could no longer send them; how many those were."""
    may, may_fill = invitable(inviter), allows(inviter, "member.edit")
    sent = _open().filter(invited_by=inviter)
    return _revoke([one for one in sent if one.role not in may or (one.membership_id and not may_fill)], at)


def is_open(invitation: Invitation) -> bool:
    """Whether it was neither used nor taken back. It may have ended by itself."""
    return invitation.accepted_at is None and invitation.revoked_at is None


def may_handle(actor: Membership, invitation: Invitation) -> bool:
    """Whether the member may send an invitation again or take it back: one that they could have sent, or did."""
    if invitation.role not in invitable(actor):
        return False
    return invitation.invited_by_id == actor.pk or _is_among_teams_of(actor, invitation.team_id)


def _open() -> QuerySet[Invitation]:
    return Invitation.objects.filter(accepted_at=None, revoked_at=None)


def _revoke(invitations: Sequence[Invitation], at: datetime) -> int:
    return _open().filter(pk__in=[one.pk for one in invitations]).update(revoked_at=at)


def _read(email: str, name: str) -> tuple[str, str]:
    wrong = {}
    try:
        email = clean_address(email)
    except NotAName as error:
        wrong["email"] = str(error)
    try:
        name = clean_name(name) if name.strip() else ""
    except NotAName as error:
        wrong["name"] = str(error)
    if wrong:
        raise Invalid(fields=wrong)
    return email, name


def _is_among_teams_of(actor: Membership, team_id: UUID | None) -> bool:
    return actor.role != Role.MANAGER or team_id in teams_managed_by(actor)


def _refuse_foreign(actor: Membership, invitation: Invitation) -> None:
    if not may_handle(actor, invitation):
        raise OutOfReach


def _refuse_beyond(actor: Membership, role: str, team: Team | None) -> None:
    if role not in invitable(actor):
        raise OutOfReach
    if not _is_among_teams_of(actor, team.pk if team else None):
        raise Invalid(fields={"team": _("Choose a team that you manage.")})


def _refuse_to_fill(placeholder: Membership, actor: Membership) -> None:
    """Its deals go along, also those that a manager does not see."""
    require(actor, "member.edit")
    if not placeholder.is_placeholder or not placeholder.is_active:
        raise NotAPlaceholder(member=placeholder.name)


def _refuse_member(email: str) -> None:
    known = Membership.objects.filter(user__email=email).first()
    if known is not None:
        raise (AlreadyMember if known.is_active else MemberDeactivated)(email=email)


def _make_room(email: str, placeholder: Membership | None, at: datetime) -> None:
    """Make way where an offer has ended by itself. Raises AlreadyInvited, TooManyInvitations."""
    _open().filter(expires_at__lte=at).update(revoked_at=at)
    if _open().filter(email=email).exists():
        raise AlreadyInvited(email=email)
    if placeholder is not None and (other := _open().filter(membership=placeholder).first()):
        raise AlreadyInvited(email=other.email)
    if _open().count() >= settings.INVITATIONS_MOST_OPEN:
        raise _too_many()
    _refuse_letters(at)


def _refuse_letters(at: datetime) -> None:
    letters = Letter.objects.filter(organisation=current_tenant_id(), kind=LETTER, created_at__gt=at - A_DAY)
    if letters.count() >= settings.INVITATION_LETTERS_A_DAY:
        raise _too_many()


def _too_many() -> TooManyInvitations:
    return TooManyInvitations(most=settings.INVITATIONS_MOST_OPEN, letters=settings.INVITATION_LETTERS_A_DAY)


def _post(invitation: Invitation, secret: str, actor: Membership, at: datetime) -> None:
    mail.post(
        to=invitation.email,
        kind=LETTER,
        at=at,
        about={
            "organisation": actor.tenant.name,
            "inviter": actor.name,
            "name": invitation.name,
            "role": invitation.get_role_display(),
            "secret": secret,
            "days": LIFETIME.days,
        },
    )
