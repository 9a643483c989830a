"""Deeds: proving that a mail domain is the organisation's own."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import cast

import idna
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit, mail
from accounts.models import EmailDomain, Membership, User
from accounts.models.organisation import Role
from accounts.permissions import require
from accounts.refusals import Refused

PREFIX = "sign-in-verification="
# Where anybody may have an address, an address says nothing of an organisation.
PUBLIC = frozenset(Path(__file__).with_name("public_mail.txt").read_text(encoding="ascii").split())
NAME = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])\Z")
MOST = 50


class NoDomain(Refused):
    """What was written is no name of a mail domain."""

    code = "not_a_domain"
    status = 422
    sentence = _("Give the domain of your addresses, like company.com.")


class PublicDomain(Refused):
    """Anybody may have an address there."""

    code = "public_domain"
    status = 422
    sentence = _("Anybody may have an address at {domain}. Give a domain that is your organisation’s own.")


class DomainListed(Refused):
    """The organisation has listed the domain already."""

    code = "domain_listed"
    sentence = _("{domain} is on the list already.")


class TooManyDomains(Refused):
    """More than anybody has."""

    code = "too_many_domains"
    sentence = _("An organisation can list 50 domains. Remove one first.")


class NotThereYet(Refused):
    """The record was not found."""

    code = "domain_not_proven"
    sentence = _("The record is not there yet. It can take an hour until a new one is seen everywhere.")


def domain_name(written: str) -> str:
    """The domain as mail servers write it: small ASCII letters, without the dot at the end. Raises NoDomain."""
    trimmed = written.strip().removeprefix("@").rstrip(".")
    try:
        name = idna.encode(trimmed, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise NoDomain from error
    if not NAME.match(name):
        raise NoDomain
    return name


def add_domain(*, actor: Membership, domain: str, at: datetime) -> EmailDomain:
    """List a domain, with the challenge that proves it. Raises NoDomain, PublicDomain or DomainListed."""
    require(actor, "organisation.secure")
    name = domain_name(domain)
    if name in PUBLIC:
        raise PublicDomain(domain=name)
    if EmailDomain.objects.count() >= MOST:
        raise TooManyDomains
    try:
        with transaction.atomic():
            added = EmailDomain.objects.create(domain=name, challenge=secrets.token_hex(20))
    except IntegrityError as error:
        raise DomainListed(domain=name) from error
    audit.record(verb="domain.added", subject=added, actor=actor, at=at, domain=name)
    return added


def remove_domain(*, domain: EmailDomain, actor: Membership, at: datetime) -> None:
    """Forget a domain. Who has signed in by it stays a member."""
    require(actor, "organisation.secure")
    audit.record(verb="domain.removed", subject=domain, actor=actor, at=at, domain=domain.domain)
    domain.delete()


def note_texts(*, domain: EmailDomain, texts: Sequence[str], actor: Membership | None, at: datetime) -> bool:
    """Write down what was found in the domain's records; returns whether it is proven now.

    A record that was there and is gone ends the proof at once, and the owners are told by a letter: the domain may
    have gone to somebody else. Nobody who has signed in before is touched.
    """
    proven, was = f"{PREFIX}{domain.challenge}" in texts, domain.verified_at is not None
    domain.checked_at = at
    if proven:
        domain.verified_at, domain.lost_at = domain.verified_at or at, None
    elif was:
        domain.verified_at, domain.lost_at = None, at
    domain.save(update_fields=["checked_at", "verified_at", "lost_at"])
    if proven != was:
        verb = "domain.verified" if proven else "domain.lost"
        audit.record(verb=verb, subject=domain, actor=actor, at=at, domain=domain.domain)
    if was and not proven:
        _tell_owners(domain, at)
    return proven


def _tell_owners(domain: EmailDomain, at: datetime) -> None:
    owners = Membership.objects.select_related("tenant", "user").filter(
        role=Role.OWNER, is_active=True, user__isnull=False
    )
    for owner in owners:
        about = {
            "name": owner.name,
            "domain": domain.domain,
            "organisation": owner.tenant.name,
            "slug": owner.tenant.slug,
        }
        mail.post(to=cast("User", owner.user).email, kind="domain_lost", at=at, about=about)
