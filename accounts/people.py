"""Questions about members and invitations that a page or a program asks."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, F, Func, Q, QuerySet, Value
from django.db.models.functions import Lower

from accounts.integrations.tokens import digest
from accounts.models import Invitation, Membership
from accounts.models.organisation import Role
from accounts.permissions import RANKS
from accounts.teams import teams_below

SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
PRESENT, ACTIVE, PLACEHOLDER, DEACTIVATED = "", "active", "placeholder", "deactivated"


class FoundInvitation(NamedTuple):
    """Where an invitation is, before any organisation is known."""

    tenant_id: int
    invitation_id: UUID


class Spot(NamedTuple):
    """A place in the list of people, by name: right after this member."""

    name: str
    id: UUID

    @classmethod
    def parse(cls, text: str) -> Spot | None:
        """The spot that an address carries; None for anything else."""
        key, _, name = text.partition("_")
        try:
            return cls(name, UUID(key)) if len(name) <= 120 else None
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.id.hex}_{self.name}"


@dataclass(frozen=True, kw_only=True)
class PeopleFilter:
    """Whom the list shows. team: also those of the teams below it; words: part of a name or an address."""

    standing: str = PRESENT
    role: str = ""
    team: UUID | None = None
    words: str = ""


class PeoplePage(NamedTuple):
    """One page of the list. more: where the next one begins, None after the last."""

    members: Sequence[Membership]
    more: Spot | None


def invitation_behind(secret: str) -> FoundInvitation | None:
    """Where the open invitation is that a letter's secret opens; None for anything else."""
    if not SECRET.fullmatch(secret):
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, invitation_id FROM gate.invitation(%s)", [digest(secret)])
        row = cursor.fetchone()
    return FoundInvitation(*row) if row else None


def is_secret_of(invitation: Invitation, secret: str) -> bool:
    """Whether the letter with this secret is the last one that was sent for the invitation."""
    return hmac.compare_digest(bytes(invitation.digest), digest(secret))


def offer(invitation_id: UUID) -> Invitation:
    """An invitation with what its page says of it. Raises Invitation.DoesNotExist."""
    return Invitation.objects.select_related("tenant", "invited_by", "team", "membership").get(pk=invitation_id)


def open_invitations() -> list[Invitation]:
    """What was offered and neither taken nor taken back, the newest first; also what has ended by itself."""
    found = Invitation.objects.filter(accepted_at=None, revoked_at=None)
    return list(found.select_related("invited_by", "team", "membership").order_by("-created_at", "-pk"))


def member(key: UUID) -> Membership:
    """A member with what their page shows. Raises Membership.DoesNotExist."""
    return Membership.objects.select_related("tenant", "team", "user", "merged_into").get(pk=key)


def narrowed(wanted: PeopleFilter) -> QuerySet[Membership]:
    """The members that a filter lets through; placeholders that became somebody are left out."""
    found = Membership.objects.filter(merged_into=None)
    match wanted.standing:
        case "active":
            found = found.filter(is_active=True, user__isnull=False)
        case "placeholder":
            found = found.filter(is_active=True, user=None)
        case "deactivated":
            found = found.filter(is_active=False)
        case _:
            found = found.filter(is_active=True)
    if wanted.role:
        found = found.filter(role=wanted.role)
    if wanted.team:
        found = found.filter(team_id__in=teams_below([wanted.team]))
    if wanted.words:
        found = found.filter(Q(name__icontains=wanted.words) | Q(email__icontains=wanted.words))
    return found


def page_of(members: QuerySet[Membership], *, after: Spot | None, size: int) -> PeoplePage:
    """One page of people by name, with the team of each."""
    members = members.annotate(sorted_by=Lower("name"))
    if after:
        here, there = (F("sorted_by"), F("pk")), (Value(after.name), Value(after.id))
        sides = (Func(*pair, function="ROW") for pair in (here, there))
        behind = Func(*sides, template="%(expressions)s", arg_joiner=" > ", output_field=BooleanField())
        members = members.filter(behind)
    found = list(members.select_related("team").order_by("sorted_by", "pk")[: size + 1])
    last = found[size - 1] if len(found) > size else None
    return PeoplePage(found[:size], Spot(last.sorted_by, last.pk) if last else None)


def who_can_sign_in(*, but: UUID | None = None, roles: Iterable[Role] = RANKS) -> list[Membership]:
    """Active members who can sign in and have one of the roles, by name, one of them left out."""
    found = Membership.objects.filter(is_active=True, user__isnull=False, role__in=list(roles))
    return list(found.exclude(pk=but).order_by(Lower("name"), "pk") if but else found.order_by(Lower("name"), "pk"))


def is_over(invitation: Invitation, at: datetime) -> bool:
    """Whether it has ended by itself."""
    return invitation.expires_at <= at
