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
    "activities:read": frozenset({"activity.see"}),
    "activities:write": frozenset({"activity.log"}),
    "milestones:read": frozenset({"milestone.see"}),
    "milestones:write": frozenset({"milestone.record"}),
    "statistics:read": frozenset({"statistics.see"}),
    "organisation:read": frozenset({"organisation.see", "member.see", "team.see"}),
    "organisation:write": frozenset({"organisation.edit"}),
    "members:write": frozenset({"member.invite", "member.edit", "team.edit"}),
    "audit:read": frozenset({"audit.see"}),
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
    *, actor: Membership, name: str, scopes: Iterable[str], at: datetime, expires_at: datetime | None = None
) -> NewToken:
    """Give the member a key for a program. Without an end it ends after 90 days.

    Raises NotAllowed, or Invalid for an unknown scope, one beyond the member's role, or an end that is past or
    more than a year away.
    """
    require(actor, "token.make")
    wanted, expires_at = sorted(set(scopes)), expires_at or at + LIFETIME
    wrong: dict[str, str] = {}
    if not name.strip():
        wrong["name"] = str(_("Give the token a name that says which program uses it."))
    if beyond := [scope for scope in wanted if not scope_is_within(actor, scope)]:
        wrong["scopes"] = str(_("Not possible for your role: {scopes}.")).format(scopes=", ".join(beyond))
    if not at < expires_at <= at + LONGEST_LIFETIME:
        wrong["expires_at"] = str(_("Give a day after today and within a year."))
    if wrong:
        raise Invalid(fields=wrong)
    # Hexadecimal: an underscore inside would blur where the prefix ends.
    prefix = f"tl_live_{secrets.token_hex(4)}"
    tail = secrets.token_urlsafe(32).replace("_", "-")
    secret = f"{prefix}_{tail}"
    token = ApiToken.objects.create(
        membership=actor, name=name.strip(), prefix=prefix, digest=digest(secret), scopes=wanted, expires_at=expires_at
    )
    audit.record(verb="token.made", subject=token, actor=actor, at=at, name=token.name, scopes=wanted)
    return NewToken(token, secret)


def revoke_token(*, token: ApiToken, actor: Membership, at: datetime) -> None:
    """End a token at once; doing it again changes nothing."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=at):
        audit.record(verb="token.revoked", subject=token, actor=actor, at=at, name=token.name)


def scope_is_within(member: Membership, scope: str) -> bool:
    """Whether the scope exists and the member's own role includes all of it."""
    return scope in SCOPES and all(allows(member, capability) for capability in SCOPES[scope])


def token_allows(token: ApiToken, capability: str) -> bool:
    """Whether the token's scopes reach a capability; no scopes reach nothing."""
    if capability not in CAPABILITIES:
        raise KeyError(capability)
    return any(capability in SCOPES.get(scope, frozenset()) for scope in token.scopes)
