"""Owners whom an import named, and who turn out to be somebody."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from django.db import transaction

from accounts import audit
from accounts.models import Invitation, Membership, Team
from accounts.services.refusals import MemberIsOver, NotAPlaceholder
from accounts.services.turns import take_turn_as
from accounts.signals import placeholder_linked


def link_placeholder(*, placeholder: Membership, member: Membership, actor: Membership, at: datetime) -> dict[str, int]:
    """Say that a placeholder is a member who can sign in: what is the placeholder's becomes theirs.

    What can only be added to is not rewritten: it goes on naming the placeholder, whose row stays and says whom it
    became. Later imports follow that. Returns how many rows of what were moved.
    Raises NotAPlaceholder, MemberIsOver, NotAllowed.
    """
    with transaction.atomic():
        take_turn_as(actor, "member.edit")
        for one in (placeholder, member):
            one.refresh_from_db()
        if not placeholder.is_placeholder or placeholder.merged_into_id is not None:
            raise NotAPlaceholder(member=placeholder.name)
        if member.is_placeholder or not member.is_active:
            raise MemberIsOver(member=member.name)
        Invitation.objects.filter(membership=placeholder, accepted_at=None, revoked_at=None).update(revoked_at=at)
        Team.objects.filter(manager=placeholder).update(manager=member)
        _give_source(placeholder, member)
        moved: dict[str, int] = {}
        for _receiver, counts in placeholder_linked.send(sender=Membership, placeholder=placeholder, member=member):
            moved.update(cast("dict[str, int]", counts))
        placeholder.is_active, placeholder.merged_into = False, member
        placeholder.save(update_fields=["is_active", "merged_into", "source", "external_id"])
        member.save(update_fields=["team", "source", "external_id"])
        names = {"name": member.name, "was": placeholder.name}
        audit.record(verb="member.linked", subject=member, actor=actor, at=at, **names, moved=moved)
    return moved


def _give_source(placeholder: Membership, member: Membership) -> None:
    """The number that the source knows them by, where the member has none yet; and the team likewise."""
    if member.team_id is None:
        member.team_id = placeholder.team_id
    if placeholder.external_id and not member.external_id:
        member.source, member.external_id = placeholder.source, placeholder.external_id
        placeholder.source = placeholder.external_id = ""
