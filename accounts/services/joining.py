"""Becoming a member by an invitation: with the sign-in that one has, or with a new one."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from django.db import IntegrityError, transaction

from accounts import audit, people
from accounts.models import Invitation, Membership, User
from accounts.names import NotAName, clean_name
from accounts.permissions import invitable
from accounts.refusals import Invalid
from accounts.services.refusals import (
    AlreadyMember,
    AlreadySignedUp,
    InvitationForAnother,
    InvitationOver,
    MemberDeactivated,
)
from accounts.services.turns import take_turn
from accounts.tenancy.scope import tenant_scope


def accept_invitation(*, secret: str, person: User, at: datetime) -> Membership:
    """Take the offer, once. Where it names the placeholder of an import, the person becomes that member.

    Raises InvitationOver, InvitationForAnother, AlreadyMember, MemberDeactivated.
    """
    found = people.invitation_behind(secret)
    if found is None:
        raise InvitationOver
    with tenant_scope(found.tenant_id):
        take_turn()
        invitation = Invitation.objects.select_related("invited_by", "membership").get(pk=found.invitation_id)
        _refuse_over(invitation, secret, at)
        if person.email != invitation.email:
            raise InvitationForAnother
        known = Membership.objects.filter(user=person).first()
        if known is not None:
            raise (AlreadyMember if known.is_active else MemberDeactivated)(email=person.email)
        member = take_place(invitation=invitation, person=person, at=at)
    return Membership(pk=member.pk, tenant_id=found.tenant_id, user=person, name=member.name, role=member.role)


def take_place(*, invitation: Invitation, person: User, at: datetime) -> Membership:
    """Use an open invitation up, in its tenant: whoever calls has seen that it is this person's."""
    member = _member_for(invitation, person)
    invitation.accepted_at, invitation.accepted_by = at, member
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    audit.record(
        verb="invitation.accepted", subject=invitation, actor=member, at=at, email=person.email, role=member.role
    )
    return member


def join_with_new_account(*, secret: str, name: str, password: str, at: datetime) -> User:
    """Make a sign-in for the address of an invitation, and take the offer with it: both or neither.

    The password was judged where it was typed. Raises Invalid, AlreadySignedUp, and what `accept_invitation` does.
    """
    found = people.invitation_behind(secret)
    if found is None:
        raise InvitationOver
    with tenant_scope(found.tenant_id, read_only=True):
        email = Invitation.objects.get(pk=found.invitation_id).email
    try:
        name = clean_name(name)
    except NotAName as error:
        raise Invalid(fields={"name": str(error)}) from error
    with transaction.atomic():
        try:
            with transaction.atomic():
                person = User.objects.create_user(email, password, name=name)
        except IntegrityError as error:
            raise AlreadySignedUp from error
        accept_invitation(secret=secret, person=person, at=at)
    return person


def _refuse_over(invitation: Invitation, secret: str, at: datetime) -> None:
    """It was found before it was our turn: the deed before may have used, replaced or ended it."""
    if (
        not people.is_secret_of(invitation, secret)
        or invitation.accepted_at
        or invitation.revoked_at
        or invitation.expires_at <= at
    ):
        raise InvitationOver
    if invitation.role not in invitable(invitation.invited_by):
        raise InvitationOver


def _member_for(invitation: Invitation, person: User) -> Membership:
    """A new member, or the placeholder, whose deals stay with it."""
    placeholder = invitation.membership
    usable = placeholder is not None and placeholder.is_placeholder and placeholder.is_active
    member = cast("Membership", placeholder) if usable else Membership()
    member.user, member.name, member.email = person, person.name or invitation.name, person.email
    member.role, member.team_id = invitation.role, invitation.team_id or member.team_id
    member.save()
    return member
