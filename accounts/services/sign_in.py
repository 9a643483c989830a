"""Deeds: setting up the organisation's identity provider, and saying how its members must sign in."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.integrations.oidc import Client, Metadata
from accounts.models import IdentityProvider, Membership, Tenant
from accounts.permissions import require
from accounts.refusals import Refused
from accounts.secrets import seal, unseal

USE = "provider"


class SecretWanted(Refused):
    """Another provider or another client cannot have the secret of the former one."""

    code = "provider_secret_wanted"
    status = 422
    sentence = _("Give the client secret. The one that is kept belongs to another provider or client.")


class NotTriedYet(Refused):
    """Nobody may be locked out by a provider that does not work."""

    code = "provider_not_tried"
    sentence = _("Try it first: sign in with the provider yourself, in this browser. Otherwise nobody might get in.")


class NoProvider(Refused):
    """There is nothing to sign in with."""

    code = "no_provider"
    sentence = _("Set up the provider first.")


class ProviderNeeded(Refused):
    """Members must sign in with the provider."""

    code = "provider_needed"
    sentence = _("Members must sign in with this provider. Take that back first, then remove it.")


def provider_of_tenant() -> IdentityProvider | None:
    """The current tenant's provider, if it has one."""
    return IdentityProvider.objects.filter(is_active=True).first()


def client_of(provider: IdentityProvider) -> Client:
    """The provider with its secret opened. Raises NotOpened when the installation's key is gone."""
    secret = unseal(provider.client_secret, use=USE)
    return Client(issuer=provider.issuer, client_id=provider.client_id, client_secret=secret)


def set_provider(
    *, actor: Membership, name: str, client_id: str, client_secret: str, vouches: bool, metadata: Metadata, at: datetime
) -> IdentityProvider:
    """Set the provider up, or change it. `metadata` is what it told of itself; an empty secret keeps the one there is.

    Another issuer or client makes another provider: sessions that the former one signed in end.
    """
    require(actor, "organisation.secure")
    before = IdentityProvider.objects.select_for_update().first()
    same = before is not None and (before.issuer, before.client_id) == (metadata.issuer, client_id)
    if not client_secret and not same:
        raise SecretWanted(fields={"client_secret": str(SecretWanted.sentence)})
    if before is not None and not same:
        before.delete()
    provider = before if before is not None and same else IdentityProvider(issuer=metadata.issuer, client_id=client_id)
    provider.name, provider.vouches = name, vouches
    if before is not None and not same:
        provider.joins_as = before.joins_as
    if client_secret:
        provider.client_secret = seal(client_secret, use=USE)
    provider.save()
    audit.record(
        verb="provider.changed" if before else "provider.set_up",
        subject=provider,
        actor=actor,
        at=at,
        name=name,
        issuer=metadata.issuer,
        client_id=client_id,
        vouches=vouches,
        new_secret=bool(client_secret),
    )
    return provider


def remove_provider(*, actor: Membership, at: datetime) -> None:
    """Forget the provider and its secret. Sessions that it signed in end. Raises ProviderNeeded."""
    require(actor, "organisation.secure")
    provider = provider_of_tenant()
    if provider is None:
        raise NoProvider
    if _locked(actor).sso_required:
        raise ProviderNeeded
    audit.record(verb="provider.removed", subject=provider, actor=actor, at=at, issuer=provider.issuer)
    provider.delete()


def set_sign_in_rules(
    *, actor: Membership, sso_required: bool, mfa_required: bool, joins_as: str, tried: bool, at: datetime
) -> Tenant:
    """Say how members must sign in. `tried`: the actor has signed in with the provider in this very session.

    Raises NoProvider or NotTriedYet.
    """
    require(actor, "organisation.secure")
    tenant, provider = _locked(actor), provider_of_tenant()
    if sso_required and provider is None:
        raise NoProvider(fields={"sso_required": str(NoProvider.sentence)})
    if sso_required and not tenant.sso_required and not tried:
        raise NotTriedYet(fields={"sso_required": str(NotTriedYet.sentence)})
    before = {"sso_required": tenant.sso_required, "mfa_required": tenant.mfa_required}
    after = {"sso_required": sso_required, "mfa_required": mfa_required}
    if provider is not None:
        before["joins_as"], after["joins_as"] = provider.joins_as, joins_as  # type: ignore[assignment]
        provider.joins_as = joins_as
        provider.save(update_fields=["joins_as"])
    if before != after:
        tenant.sso_required, tenant.mfa_required = sso_required, mfa_required
        tenant.save(update_fields=["sso_required", "mfa_required"])
        audit.record(verb="sign_in_rules.changed", subject=tenant, actor=actor, at=at, before=before, after=after)
    return tenant


def note_entry_past_provider(*, actor: Membership, at: datetime) -> None:
    """An owner enters although members must sign in with the provider: it may be down, and somebody must mend it."""
    require(actor, "organisation.secure")
    audit.record(verb="sign_in_rules.passed", subject=actor.tenant, actor=actor, at=at)


def _locked(actor: Membership) -> Tenant:
    return Tenant.objects.select_for_update().get(pk=actor.tenant_id)
