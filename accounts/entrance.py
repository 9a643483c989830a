"""What a session has shown of its person, and whether that is enough to enter an organisation.

A session begins by the person's own means (password, passkey, a letter) or by an organisation's provider. What a
provider says is the word of that organisation alone: such a session opens it and nothing else, neither another
organisation of the same person nor their own sign-in, or who owns one could enter all others of its members.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase

from accounts.models import IdentityProvider, Membership, User
from accounts.models.organisation import Role

# {key of the tenant: {"provider": key, "at": seconds}}
PROVIDERS = "providers"
BY_PROVIDER = "begun_by_provider"
# {key of the tenant: seconds}: an owner's entry past the provider.
PAST = "past_provider"
# A provider is asked again so often whether the person still belongs to it.
LASTS = timedelta(hours=12)
# The sign-in library's own record of what was shown, and whose it is.
RECORDS, RECORDS_OF = "account_authentication_methods", "account_authentication_methods_user"


class Bar(StrEnum):
    """Why a member is not let in yet."""

    OWN_MEANS = "own"
    PROVIDER = "provider"
    SECOND_FACTOR = "second_factor"


def bar_of(session: SessionBase, member: Membership, *, now: datetime) -> Bar | None:
    """What the session has still to show before it may enter the member's organisation; None for nothing.

    In the tenant's scope. What its provider has signed in needs no second factor of ours: the provider asks for one.
    """
    if has_shown_provider(session, member.tenant_id, now=now):
        return None
    if is_confined(session):
        return Bar.OWN_MEANS
    tenant = member.tenant
    if tenant.sso_required and not is_past_provider(session, member, now=now):
        return Bar.PROVIDER
    if tenant.mfa_required and not has_shown_second_factor(session, member.user):
        return Bar.SECOND_FACTOR
    return None


def has_shown_provider(session: SessionBase, tenant_id: int | None, *, now: datetime) -> bool:
    """Whether the current tenant's provider, as it is set up now, has signed the session's person in not long ago."""
    mark = session.get(PROVIDERS, {}).get(str(tenant_id))
    if mark is None or now.timestamp() - mark["at"] > LASTS.total_seconds():
        return False
    return IdentityProvider.objects.filter(pk=UUID(mark["provider"]), is_active=True).exists()


def is_confined(session: SessionBase) -> bool:
    """Whether a provider began the session, and the person has not signed in by themselves."""
    return bool(session.get(BY_PROVIDER))


def has_shown_second_factor(session: SessionBase, user: User | None) -> bool:
    """Whether a second factor or a passkey was used in this session."""
    return any(record.get("method") == "mfa" for record in _records(session, user))


def is_past_provider(session: SessionBase, member: Membership, *, now: datetime) -> bool:
    """Whether an owner has chosen in this session to enter past the provider."""
    at = session.get(PAST, {}).get(str(member.tenant_id))
    recent = at is not None and now.timestamp() - at <= LASTS.total_seconds()
    return recent and may_go_past_provider(session, member)


def may_go_past_provider(session: SessionBase, member: Membership) -> bool:
    """Whether the member may enter while the provider is down: an owner, signed in by own means and a second factor."""
    return member.role == Role.OWNER and not is_confined(session) and has_shown_second_factor(session, member.user)


def opens(session: SessionBase, tenant_id: int) -> bool:
    """Whether the organisation's provider has signed the session's person in, however long ago."""
    return str(tenant_id) in session.get(PROVIDERS, {})


def mark_provider(session: SessionBase, *, provider: IdentityProvider, begun: bool, now: datetime) -> None:
    """Write down that the organisation's provider has signed the session's person in. `begun`: and nobody before."""
    mark = {"provider": str(provider.pk), "at": now.timestamp()}
    session[PROVIDERS] = {**session.get(PROVIDERS, {}), str(provider.tenant_id): mark}
    if begun:
        session[BY_PROVIDER] = True


def mark_past_provider(session: SessionBase, *, tenant_id: int | None, now: datetime) -> None:
    """Write down that an owner chose to enter past the provider."""
    session[PAST] = {**session.get(PAST, {}), str(tenant_id): now.timestamp()}


def _records(session: SessionBase, user: User | None) -> list[Mapping[str, Any]]:
    """What the sign-in library noted of this very person: a session may hold notes of one who got half way in."""
    if user is None or session.get(RECORDS_OF) != str(user.pk):
        return []
    found = session.get(RECORDS)
    return [record for record in found if isinstance(record, dict)] if isinstance(found, list) else []
