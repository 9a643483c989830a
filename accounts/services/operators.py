"""Deeds: operators of the installation enter an organisation to read it, for a reason and for an hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts import audit, queries
from accounts.mail import post
from accounts.models import Membership, OperatorAccess, Tenant, User
from accounts.models.organisation import Role
from accounts.permissions import require
from accounts.refusals import Invalid, Refused
from accounts.tenancy.scope import tenant_scope
from accounts.watch import LOOKED

LASTS = timedelta(minutes=60)
SHORTEST_REASON, LONGEST_REASON = 20, 1000
ENTERED, LEFT, ENDED = "operator.entered", "operator.left", "operator.ended"
# What an operator did, who is no member.
BY_OPERATORS = frozenset({ENTERED, LEFT, LOOKED})


class NotAnOperator(Refused):
    """Only people who run the installation and sign in with a second factor enter other organisations."""

    code = "not_an_operator"
    status = 403
    sentence = _("Only operators who sign in with a second step may enter. Set up two-step sign-in first.")


def enter_organisation(*, operator: User, tenant: Tenant, reason: str, at: datetime) -> OperatorAccess:
    """Give an operator leave to read an organisation for an hour. Its audit and a letter to its owners say why.

    A leave that still runs is replaced. Raises NotAnOperator, or Invalid for a reason of under 20 characters.
    """
    if not queries.is_operator(operator):
        raise NotAnOperator
    reason = " ".join(reason.split())
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON or "\0" in reason:
        sentence = str(_("Say why in {least} to {most} characters: the owners read it."))
        raise Invalid(fields={"reason": sentence.format(least=SHORTEST_REASON, most=LONGEST_REASON)})
    with tenant_scope(tenant.pk):
        OperatorAccess.objects.filter(operator=operator, ended_at=None, expires_at__gt=at).update(ended_at=at)
        access = OperatorAccess.objects.create(operator=operator, reason=reason, created_at=at, expires_at=at + LASTS)
        told = {"operator": operator.name or operator.email, "email": operator.email, "reason": reason}
        audit.record(verb=ENTERED, subject=access, actor=None, at=at, **told, until=access.expires_at)
        _tell_owners(tenant, access, at=at)
    return access


def leave_organisation(*, operator: User, tenant_id: int, access_id: UUID, at: datetime) -> None:
    """End the operator's own leave before its time; one that is over stays as it is."""
    with tenant_scope(tenant_id):
        running = OperatorAccess.objects.filter(pk=access_id, operator=operator, ended_at=None, expires_at__gt=at)
        for access in running.select_for_update():
            OperatorAccess.objects.filter(pk=access.pk).update(ended_at=at)
            told = {"operator": operator.name or operator.email, "email": operator.email}
            audit.record(verb=LEFT, subject=access, actor=None, at=at, **told)


def end_operator_access(*, access: OperatorAccess, actor: Membership, at: datetime) -> None:
    """Show an operator out: their next request is refused. Raises NotAllowed."""
    require(actor, "organisation.secure")
    running = OperatorAccess.objects.filter(pk=access.pk, ended_at=None, expires_at__gt=at)
    if running.update(ended_at=at):
        named = access.operator.name or access.operator.email
        audit.record(verb=ENDED, subject=access, actor=actor, at=at, operator=named)


def _tell_owners(tenant: Tenant, access: OperatorAccess, *, at: datetime) -> None:
    owners = Membership.objects.filter(role=Role.OWNER, is_active=True, user__isnull=False).select_related("user")
    about = {
        "organisation": tenant.name,
        "operator": access.operator.name or access.operator.email,
        "reason": access.reason,
        "until": access.expires_at.astimezone(tenant.zone),
        "zone": tenant.time_zone,
        "url": f"{settings.SITE_URL.rstrip('/')}/o/{tenant.slug}/settings/operators/",
    }
    for owner in owners:
        if owner.user is not None:
            post(to=owner.user.email, kind="operator_access", at=at, about=about)
