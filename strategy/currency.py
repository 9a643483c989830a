"""The organisation's currency, in which every deal's rate is written."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refused
from accounts.signals import organisation_changed
from strategy.models import Deal


class CurrencyInUse(Refused):
    """Deals have amounts, and the rates that turn them into the organisation's currency are those of their days. The
    currency can be changed until the first amount is written down."""

    code = "currency_in_use"
    sentence = _(
        "Deals have amounts in {currency} already, at the rates of their days. Open another organisation for"
        " another currency."
    )


@receiver(organisation_changed)
def follow_currency(changed: dict[str, Any], **_: Any) -> None:
    """Deals without an amount follow the organisation. Raises CurrencyInUse when there is one with an amount."""
    if "currency" not in changed:
        return
    before, after = changed["currency"]
    if Deal.objects.filter(Q(amount__isnull=False) | Q(amount_at_qualification__isnull=False)).exists():
        raise CurrencyInUse(currency=before, fields={"currency": str(CurrencyInUse.sentence).format(currency=before)})
    Deal.objects.filter(currency=before).update(currency=after, version=F("version") + 1)
