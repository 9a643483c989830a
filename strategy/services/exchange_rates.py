"""What other currencies are worth in the organisation's own, from a day on."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from babel.numbers import list_currencies
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Membership
from accounts.refusals import Invalid
from accounts.services.turns import take_turn_as
from strategy.models import ExchangeRate
from strategy.services.refusals import RateTaken

SMALLEST, LARGEST = Decimal("0.00000001"), Decimal(10) ** 9
EARLIEST = date(1970, 1, 1)


def add_rate(*, currency: str, from_on: date, rate: Decimal, actor: Membership, at: datetime) -> ExchangeRate:
    """Say what one unit of a currency is worth from a day on, until the next rate.

    Deals that were qualified before keep the rate of their day. Raises Invalid, RateTaken, NotAllowed.
    """
    with transaction.atomic():
        take_turn_as(actor, "pipeline.edit")
        _refuse_nonsense(currency, from_on, rate, actor, at)
        try:
            with transaction.atomic():
                made = ExchangeRate.objects.create(currency=currency, from_on=from_on, rate=rate)
        except IntegrityError as error:
            taken = RateTaken(currency=currency, day=from_on)
            taken.fields = {"from_on": str(taken)}
            raise taken from error
        audit.record(
            verb="exchange_rate.added", subject=made, actor=actor, at=at, currency=currency, day=from_on, rate=str(rate)
        )
    return made


def remove_rate(*, rate: ExchangeRate, actor: Membership, at: datetime) -> None:
    """Remove a rate: from its day on the one before holds. Raises NotAllowed."""
    with transaction.atomic():
        take_turn_as(actor, "pipeline.edit")
        said = {"currency": rate.currency, "day": rate.from_on, "rate": str(rate.rate)}
        audit.record(verb="exchange_rate.removed", subject=rate, actor=actor, at=at, **said)
        rate.delete()


def _refuse_nonsense(currency: str, from_on: date, rate: Decimal, actor: Membership, at: datetime) -> None:
    wrong = {}
    if currency not in list_currencies():
        wrong["currency"] = _("Write the three letters of ISO 4217, like EUR.")
    elif currency == actor.tenant.currency:
        wrong["currency"] = _("This is the organisation's own currency: it is worth itself.")
    if not EARLIEST <= from_on <= actor.tenant.day_of(at):
        wrong["from_on"] = _("Give a day from 1970 on that is not to come.")
    if not rate.is_finite() or not SMALLEST <= rate <= LARGEST:
        wrong["rate"] = _("Give a rate above zero, like 0.92.")
    if wrong:
        raise Invalid(fields=wrong)
