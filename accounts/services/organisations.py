"""Deeds: opening an organisation, and changing what holds for all of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import ImportRun, Membership, Tenant, User
from accounts.models.organisation import Role
from accounts.names import NotAName, clean_name
from accounts.permissions import require
from accounts.refusals import Invalid, Refused
from accounts.services import addresses
from accounts.signals import organisation_changed, organisation_opened
from accounts.tenancy.scope import tenant_scope

# What can be changed, and the capability for it.
EDITABLE = {
    "name": "organisation.edit",
    "slug": "organisation.secure",
    "time_zone": "organisation.edit",
    "currency": "organisation.edit",
    "fiscal_year_starts": "organisation.edit",
    "week_starts": "organisation.edit",
    "counts_from_grade": "organisation.edit",
    "closed_until": "organisation.edit",
    "visibility": "organisation.edit",
    "group_only": "organisation.edit",
}
UNDER_WAY = (ImportRun.State.QUEUED, ImportRun.State.RUNNING)


class ChangedMeanwhile(Refused):
    """Somebody else has changed the same field since it was read. Read it again and decide anew."""

    code = "changed_meanwhile"
    sentence = _("Somebody else has changed the same meanwhile. Nothing was stored.")


class ImportUnderWay(Refused):
    """An import is running, which holds on to the organisation's currency and address. Wait until it is done."""

    code = "import_under_way"
    sentence = _("An import is running. Wait until it is done, then change this.")


def open_organisation(
    *,
    owner: User,
    name: str,
    at: datetime,
    slug: str = "",
    time_zone: str = "UTC",
    currency: str = "EUR",
    is_demo: bool = False,
) -> Membership:
    """Found an organisation with its owner and the defaults of every app; returns the owner's membership.

    Without a slug one is derived from the name. Raises AddressTaken, or Invalid with the fields that are wrong.
    """
    tenant = Tenant(name=_name(name), time_zone=time_zone, currency=currency, is_demo=is_demo)
    with transaction.atomic():
        addresses.settle(tenant, slug)
        with tenant_scope(tenant.pk):
            member = Membership.objects.create(user=owner, name=owner.name, email=owner.email, role=Role.OWNER)
            organisation_opened.send(sender=Tenant, tenant=tenant, owner=member)
            audit.record(verb="organisation.opened", subject=tenant, actor=member, at=at, slug=tenant.slug)
    return member


def edit_organisation(
    *, actor: Membership, at: datetime, seen: Mapping[str, Any] | None = None, **wanted: Any
) -> Tenant:
    """Change settings of the actor's organisation; what is as it was is neither written nor told.

    `seen` are the values that the actor decided upon: where somebody has changed one of them since, nothing is
    stored and ChangedMeanwhile names each with the value it has now. Raises also NotAllowed, Invalid, AddressTaken
    and its like, ImportUnderWay, and whatever the apps above refuse (`accounts.signals.organisation_changed`).
    """
    require(actor, "organisation.edit")
    with transaction.atomic():
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=actor.tenant_id)
        wanted = {field: _tidied(field, value) for field, value in wanted.items()}
        changed = {field: (getattr(tenant, field), to) for field, to in wanted.items() if to != getattr(tenant, field)}
        for field in changed:
            require(actor, EDITABLE[field])
        _refuse_stale(changed, seen or {})
        _store(tenant, changed, actor=actor, at=at)
    return tenant


def _store(tenant: Tenant, changed: Mapping[str, tuple[Any, Any]], *, actor: Membership, at: datetime) -> None:
    if not changed:
        return
    before = tenant.slug
    for field, (_before, to) in changed.items():
        setattr(tenant, field, to)
    addresses.refuse_unless_sound(tenant)
    if tenant.closed_until is not None and "closed_until" in changed and tenant.closed_until >= tenant.day_of(at):
        told = _("Give a day before today: what happens today can still be recorded.")
        raise Invalid(fields={"closed_until": str(told)})
    _refuse_during_import(changed)
    if "currency" in changed:
        # Rows that refer to the organisation wait as well: none appears in the old currency after we have looked.
        Tenant.objects.select_for_update().get(pk=tenant.pk)
    if "slug" in changed:
        after, tenant.slug = tenant.slug, before
        addresses.move(tenant, after, at=at)
        audit.record(verb=addresses.MOVED, subject=tenant, actor=actor, at=at, before=before, after=after)
    if edited := {field: [*both] for field, both in changed.items() if field != "slug"}:
        tenant.save(update_fields=sorted(edited))
        audit.record(verb="organisation.edited", subject=tenant, actor=actor, at=at, changed=edited)
    organisation_changed.send(sender=Tenant, tenant=tenant, changed=changed)


def _refuse_during_import(changed: Mapping[str, Any]) -> None:
    held = sorted({"currency", "slug"} & changed.keys())
    if held and ImportRun.objects.filter(state__in=UNDER_WAY).exists():
        raise ImportUnderWay(fields=dict.fromkeys(held, str(ImportUnderWay.sentence)))


def _refuse_stale(changed: Mapping[str, tuple[Any, Any]], seen: Mapping[str, Any]) -> None:
    stale = {field: now for field, (now, _to) in changed.items() if field in seen and seen[field] != now}
    if stale:
        told = str(_("Meanwhile somebody has set this to “{value}”."))
        raise ChangedMeanwhile(fields={field: told.format(value=now) for field, now in stale.items()}, now=stale)


def _tidied(field: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return _name(value) if field == "name" else value.strip()


def _name(text: str) -> str:
    try:
        return clean_name(text)
    except NotAName as error:
        raise Invalid(fields={"name": str(error)}) from error
