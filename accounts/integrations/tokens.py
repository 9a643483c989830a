"""Keys for programs: `tl_live_<8>_<43>`. Shown once, kept as a digest, never able to do more than their member."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import ApiToken, Membership
from accounts.permissions import CAPABILITIES, allows, require
from accounts.refusals import Invalid

# The scope a program needs for each capability; a capability that is not here is for people only.
SCOPES: dict[str, frozenset[str]] = {
    "deals:read": frozenset({"deal.see", "company.see"}),
    "deals:write": frozenset({"deal.open", "deal.move"}),
    # Of their own, because reps do neither.
    "deals:override": frozenset({"deal.override"}),
    "merges:write": frozenset({"company.merge", "deal.merge"}),
    "companies:write": frozenset({"company.edit"}),
    "pipelines:write": frozenset({"pipeline.edit"}),
    "strategies:read": frozenset({"strategy.see"}),
    "strategies:write": frozenset({"strategy.edit"}),
    "activities:read": frozenset({"activity.see"}),
    "activities:write": frozenset({"activity.log"}),
    "milestones:read": frozenset({"milestone.see"}),
    "milestones:write": frozenset({"milestone.record", "milestone.check"}),
    # Of its own, for the program that reads the system of record and for no other.
    "milestones:attest": frozenset({"milestone.attest"}),
    # Of its own, because it writes to customers.
    "confirmations:write": frozenset({"confirmation.ask"}),
    "statistics:read": frozenset({"statistics.see"}),
    "events:read": frozenset({"event.see"}),
    "webhooks:read": frozenset({"webhook.see"}),
    "webhooks:write": frozenset({"webhook.edit"}),
    "organisation:read": frozenset({"organisation.see", "member.see", "team.see"}),
    "organisation:write": frozenset({"organisation.edit"}),
    # Of its own, because managers invite and change nobody.
    "invitations:write": frozenset({"member.invite"}),
    "members:write": frozenset({"member.edit", "team.edit"}),
    "audit:read": frozenset({"audit.see"}),
    "tokens:read": frozenset({"token.see"}),
    "tokens:write": frozenset({"token.make"}),
}
LIFETIME = timedelta(days=90)
LONGEST_LIFETIME = timedelta(days=366)


class NewToken(NamedTuple):
    """A token and its secret text, which exists nowhere else."""

    token: ApiToken
    secret: str


def digest(secret: str) -> bytes:
    """What is stored of a secret with 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


def prefix_of(secret: str) -> str:
    """The part before the last underscore, by which a token is found. Empty for anything that is no token."""
    head, _, tail = secret.rpartition("_")
    return head if head.startswith("tl_live_") and len(head) == 16 and len(tail) == 43 and secret.isascii() else ""


def make_token(
    *,
    actor: Membership,
    name: str,
    scopes: Iterable[str],
    at: datetime,
    expires_at: datetime | None = None,
    made_with: ApiToken | None = None,
) -> NewToken:
    """Give the member a key for a program. Without an end it ends after 90 days.

    One that a program makes, `made_with` its own key, can do no more than that key and ends no later.
    Raises NotAllowed, or Invalid for an unknown scope, one beyond the member's role or the program's key, or an end
    that is past, more than a year away, or later than the key's.
    """
    require(actor, "token.make")
    wanted = sorted(set(scopes))
    latest = (made_with and made_with.expires_at) or at + LONGEST_LIFETIME
    expires_at = expires_at or min(at + LIFETIME, latest)
    wrong = _beyond(wanted, actor=actor, made_with=made_with)
    if not name.strip():
        wrong["name"] = str(_("Give the token a name that says which program uses it."))
    if not at < expires_at <= at + LONGEST_LIFETIME:
        wrong["expires_at"] = str(_("Give a day after today and within a year."))
    elif expires_at > latest:
        wrong["expires_at"] = str(_("The token that asks ends before that."))
    if wrong:
        raise Invalid(fields=wrong)
    # Hexadecimal: an underscore inside would blur where the prefix ends.
    prefix = f"tl_live_{secrets.token_hex(4)}"
    tail = secrets.token_urlsafe(32).replace("_", "-")
    secret = f"{prefix}_{tail}"
    token = ApiToken.objects.create(
        membership=actor,
        name=name.strip(),
        prefix=prefix,
        digest=digest(secret),
        scopes=wanted,
        expires_at=expires_at,
        made_with=made_with,
    )
    audit.record(verb="token.made", subject=token, actor=actor, at=at, name=token.name, scopes=wanted)
    return NewToken(token, secret)


def _beyond(wanted: Iterable[str], *, actor: Membership, made_with: ApiToken | None) -> dict[str, str]:
    """What is wrong with scopes: those that the member's role, or the key that asks, has not got."""
    if beyond := [scope for scope in wanted if not scope_is_within(actor, scope)]:
        return {"scopes": str(_("Not possible for your role: {scopes}.")).format(scopes=", ".join(beyond))}
    if made_with is not None and (beyond := [scope for scope in wanted if scope not in made_with.scopes]):
        return {"scopes": str(_("The token that asks has not got: {scopes}.")).format(scopes=", ".join(beyond))}
    return {}


def revoke_token(*, token: ApiToken, actor: Membership, at: datetime) -> None:
    """End a token at once, and those that were made with it; doing it again changes nothing."""
    ending = [token]
    while ending:
        for one in ending:
            if ApiToken.objects.filter(pk=one.pk, revoked_at=None).update(revoked_at=at):
                audit.record(verb="token.revoked", subject=one, actor=actor, at=at, name=one.name)
        ending = list(ApiToken.objects.filter(made_with__in=[one.pk for one in ending]))


def scope_is_within(member: Membership, scope: str) -> bool:
    """Whether the scope exists and the member's own role includes all of it."""
    return scope in SCOPES and all(allows(member, capability) for capability in SCOPES[scope])


def scopes_in_effect(token: ApiToken) -> list[str]:
    """Those of the token's scopes that its member's role still includes something of."""
    return [
        scope
        for scope in token.scopes
        if any(allows(token.membership, capability) for capability in SCOPES.get(scope, ()))
    ]


def token_allows(token: ApiToken, capability: str) -> bool:
    """Whether the token's scopes reach a capability; no scopes reach nothing."""
    if capability not in CAPABILITIES:
        raise KeyError(capability)
    return any(capability in SCOPES.get(scope, frozenset()) for scope in token.scopes)
