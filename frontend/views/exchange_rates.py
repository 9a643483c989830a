"""Settings → Exchange rates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.core import signing
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from frontend import words
from frontend.access import may
from frontend.forms.pipelines import RateForm
from frontend.http import TenantRequest, done, page, told_in
from frontend.parts import Crumb, Head
from frontend.views.pipelines import status_of
from strategy.models import ExchangeRate
from strategy.services import exchange_rates

#: As many rates as one page shows; programs read them all.
SHOWN = 300


@dataclass(frozen=True, kw_only=True)
class RateEntry:
    """One rate, in words."""

    currency: str
    day: str
    rate: str
    remove_url: str


def plain(rate: Decimal) -> str:
    """The rate without zeros at its end."""
    places = max(-int(rate.normalize().as_tuple().exponent), 0)
    return words.number(rate, places)


@require_http_methods(["GET", "POST"])
@may("pipeline.edit")
def listing(request: TenantRequest) -> HttpResponse:
    """The rates by currency, the newest first, and a form for one more."""
    tenant = request.tenant
    today, here = tenant.day_of(timezone.now()), reverse("exchange-rates", args=[tenant.slug])
    form = RateForm(request.POST if request.method == "POST" else None, tenant=tenant, today=today)
    if form.is_bound and form.is_valid():
        with told_in(form):
            exchange_rates.add_rate(actor=request.membership, at=timezone.now(), **form.cleaned_data)
            return done(request, here, gettext("Rate added"))
    rows = [
        RateEntry(
            currency=one.currency,
            day=words.day(one.from_on, today=today),
            rate=plain(one.rate),
            remove_url=reverse("exchange-rate-remove", args=[tenant.slug, one.pk]),
        )
        for one in ExchangeRate.objects.all()[:SHOWN]
    ]
    context = {
        "title": gettext("Exchange rates"),
        "lede": gettext("What other currencies are worth in {own}, from a day on until the next rate.").format(
            own=tenant.currency
        ),
        "crumbs": [
            Crumb(words=gettext("Settings"), url=reverse("settings", args=[tenant.slug])),
            Crumb(words=gettext("Exchange rates")),
        ],
        "heads": [
            Head(words=gettext("Currency")),
            Head(words=gettext("From")),
            Head(words=gettext("Rate"), right=True),
            Head(words=gettext("Remove"), silent=True),
        ],
        "rows": rows,
        "form": form,
    }
    return page(request, "settings/rates.html", context, status=status_of(form))


@require_POST
@may("pipeline.edit")
def remove(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Remove a rate; the toast takes it back."""
    rate = ExchangeRate.objects.filter(pk=pk).first()
    if rate is None:
        raise Http404(pk)
    slug = request.tenant.slug
    kept = signing.dumps([request.tenant.pk, rate.currency, str(rate.from_on), str(rate.rate)], salt="rate")
    exchange_rates.remove_rate(rate=rate, actor=request.membership, at=timezone.now())
    undo = reverse("exchange-rate-restore", args=[slug, kept])
    return done(request, reverse("exchange-rates", args=[slug]), gettext("Rate removed"), undo_url=undo)


@require_POST
@may("pipeline.edit")
def restore(request: TenantRequest, kept: str) -> HttpResponse:
    """Take the removal of a rate back."""
    try:
        tenant, currency, day, rate = signing.loads(kept, salt="rate")
    except signing.BadSignature as error:
        raise Http404 from error
    if tenant != request.tenant.pk:
        raise Http404
    exchange_rates.add_rate(
        currency=currency,
        from_on=date.fromisoformat(day),
        rate=Decimal(rate),
        actor=request.membership,
        at=timezone.now(),
    )
    return done(request, reverse("exchange-rates", args=[request.tenant.slug]), gettext("The rate is back"))
