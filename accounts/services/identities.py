"""Deeds: letting a person in whom the organisation's provider has signed in.

The organisation chooses its provider and may make it say anything. So an address is believed only where the
organisation has proven the domain as its own, or where the person shows by their own sign-in that it is theirs.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from django.apps import apps
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.integrations.oidc import Person
from accounts.models import EmailDomain, Identity, IdentityProvider, Invitation, Membership, User
from accounts.models.organisation import Role
from accounts.names import LONGEST_NAME, NotAName, clean_address, clean_name
from accounts.permissions import invitable
from accounts.refusals import Refused
from accounts.services.domains import NoDomain, domain_name
from accounts.services.joining import take_place
from accounts.services.turns import take_turn


class NotLetIn(Refused):
    """The provider knows the person, the organisation does not. Whether the address is known here is not told."""

    code = "not_let_in"
    status = 403
    sentence = _(
        "{organisation} does not know this sign-in. Ask an owner to invite your address. If you signed up with it"
        " before, sign in with your password first, then come back here."
    )


class NoAddress(Refused):
    """The provider did not say which address, or not that it is the person's own."""

    code = "no_address"
    status = 403
    sentence = _("The provider does not say that your e-mail address is confirmed. Ask who looks after it.")


class HasLeft(Refused):
    """Known, and a member no more."""

    code = "has_left"
    status = 403
    sentence = _("You are not a member of {organisation} any more. Ask an owner.")


def let_in(*, provider: IdentityProvider, person: Person, own: User | None, at: datetime) -> Membership:
    """The member whom the provider has signed in, linked or joined if that may be; in the current tenant.

    `own`: who has signed in to this browser by their own means, if anybody has.
    Raises HasLeft, NoAddress or NotLetIn.
    """
    known = Identity.objects.select_related("user").filter(provider=provider.issuer, subject=person.subject).first()
    if known is not None:
        return _member_again(known.user, provider)
    email = _address(person, provider)
    take_turn()
    user = User.objects.filter(email=email).first()
    member = Membership.objects.filter(user=user).first() if user else None
    proven = EmailDomain.objects.filter(domain=email.partition("@")[2], verified_at__isnull=False).exists()
    is_own = own is not None and own == user
    if not (proven or is_own or user is None):
        raise _not_let_in(provider)
    if (member is not None and not member.is_active) or (user is not None and not user.is_active):
        raise _left(provider)
    if user is not None and member is None and not is_own and _may_be_somebody_elses(user):
        raise _not_let_in(provider)
    if member is None:
        member = _join(provider, person, email, user, proven=proven, at=at)
    Identity.objects.create(provider=provider.issuer, subject=person.subject, user=cast("User", member.user))
    audit.record(verb="identity.linked", subject=member, actor=member, at=at, issuer=provider.issuer, email=email)
    return member


def _member_again(user: User, provider: IdentityProvider) -> Membership:
    member = Membership.objects.select_related("tenant", "user").filter(user=user, is_active=True).first()
    if member is None or not user.is_active:
        raise _left(provider)
    return member


def _address(person: Person, provider: IdentityProvider) -> str:
    """The address as it is stored, which the provider calls confirmed. Raises NoAddress."""
    said = person.email_verified
    if said is False or (said is None and not provider.vouches):
        raise NoAddress
    local, _at, domain = person.email.strip().rpartition("@")
    try:
        return clean_address(f"{local}@{domain_name(domain)}")
    except (NoDomain, NotAName) as error:
        raise NoAddress from error


def _join(
    provider: IdentityProvider, person: Person, email: str, user: User | None, *, proven: bool, at: datetime
) -> Membership:
    """A new member: by an open invitation, or because the organisation takes in everybody of its own domain."""
    invitation = _invitation(email, at)
    role = provider.joins_as if proven else ""
    if invitation is None and not role:
        raise _not_let_in(provider)
    user = user or _new_user(email, person.name, provider)
    if invitation is not None:
        return take_place(invitation=invitation, person=user, at=at)
    member = Membership.objects.create(user=user, name=user.name, email=email, role=Role(role))
    audit.record(verb="member.joined", subject=member, actor=member, at=at, email=email, role=role)
    return member


def _invitation(email: str, at: datetime) -> Invitation | None:
    """The open one for exactly this address, if its inviter could still send it."""
    found = (
        Invitation.objects.select_related("invited_by", "membership")
        .filter(email=email, accepted_at=None, revoked_at=None, expires_at__gt=at)
        .first()
    )
    return found if found is not None and found.role in invitable(found.invited_by) else None


def _new_user(email: str, name: str, provider: IdentityProvider) -> User:
    """Somebody without a password: until they ask for one by a letter, they come in with the provider."""
    try:
        name = clean_name(name)
    except NotAName:
        name = email.partition("@")[0][:LONGEST_NAME]
    try:
        with transaction.atomic():
            return User.objects.create_user(email, None, name=name)
    except IntegrityError as error:  # signed up in this very moment
        raise _not_let_in(provider) from error


def _may_be_somebody_elses(user: User) -> bool:
    """Whether somebody may have signed up with an address that is not theirs, and would keep their key to it.

    Nobody has shown that the address is theirs, and there is a password to come back with.
    """
    confirmed = apps.get_model("account", "EmailAddress").objects.filter(
        user=user, email__iexact=user.email, verified=True
    )
    return user.has_usable_password() and not confirmed.exists()


def _not_let_in(provider: IdentityProvider) -> NotLetIn:
    return NotLetIn(organisation=provider.tenant.name)


def _left(provider: IdentityProvider) -> HasLeft:
    return HasLeft(organisation=provider.tenant.name)
