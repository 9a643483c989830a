"""Settings → Webhooks: addresses that are told of events, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.integrations.events import TYPES
from accounts.integrations.webhooks import TESTED
from accounts.models import Delivery, Webhook
from accounts.services import webhooks
from frontend import words
from frontend.access import may
from frontend.forms.pick import Ticks
from frontend.http import TenantRequest, done, page, told_in
from frontend.parts import Crumb, Head
from frontend.views.pipelines import status_of

#: As many deliveries as one page shows; programs read them all.
SHOWN = 50
VERIFY = """from standardwebhooks import Webhook

event = Webhook(secret).verify(body, headers)  # raises WebhookVerificationError"""
PROBLEMS = {
    "status": _("It answered {status}"),
    "too_slow": _("No answer in time"),
    "not_reached": _("It could not be reached"),
    "not_allowed": _("It leads inside a network"),
    "not_kept": _("The event is not kept any more"),
}


class WebhookForm(forms.Form):
    """Where to, and of what."""

    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("https on the open internet. Each event is posted there, signed."),
        error_messages={"required": _("Write the address to which events are to be sent.")},
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )
    types = forms.MultipleChoiceField(
        label=_("Events"),
        required=False,
        help_text=_("Without any: all of them."),
        choices=[(name, name) for name in TYPES if name != TESTED],
        widget=Ticks,
    )


@dataclass(frozen=True, kw_only=True)
class WebhookEntry:
    """One address, in words."""

    url: str
    about: str
    state: str
    page_url: str


@dataclass(frozen=True, kw_only=True)
class DeliveryEntry:
    """One event that was sent, in words."""

    type: str
    state: str
    answer: str
    tries: str
    last: str
    again_url: str


@never_cache
@require_http_methods(["GET", "POST"])
@may("webhook.edit")
def listing(request: TenantRequest) -> HttpResponse:
    """The addresses, and a form for one more. A new secret is shown in the answer to its form, and never again."""
    form, secret = WebhookForm(request.POST if request.method == "POST" else None), ""
    if form.is_bound and form.is_valid():
        with told_in(form):
            secret = webhooks.add_webhook(actor=request.membership, at=timezone.now(), **form.cleaned_data).secret
            form = WebhookForm()
    heads = [Head(words=gettext("Address")), Head(words=gettext("Events")), Head(words=gettext("State"))]
    rows = [_entry(request, one) for one in Webhook.objects.order_by("pk")]
    return _page(request, form, secret=secret, heads=heads, rows=rows, title=gettext("Webhooks"))


@never_cache
@require_http_methods(["GET", "POST"])
@may("webhook.edit")
def detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    """One address: what it is sent, what it answered, and what can be done with it."""
    webhook = _webhook(pk)
    given = request.POST if request.method == "POST" else None
    form = WebhookForm(given, initial={"url": webhook.url, "types": webhook.types})
    if form.is_bound and form.is_valid():
        with told_in(form):
            webhooks.change_webhook(webhook=webhook, actor=request.membership, at=timezone.now(), **form.cleaned_data)
            return done(request, _address(request, webhook), gettext("Webhook changed"))
    return _detail(request, webhook, form)


@never_cache
@require_POST
@may("webhook.edit")
def deed(request: TenantRequest, pk: UUID, what: str) -> HttpResponse:
    """Send a test, change the secret, switch off or on, or remove it."""
    webhook, at, actor = _webhook(pk), timezone.now(), request.membership
    here = _address(request, webhook)
    if what == "secret":
        made = webhooks.rotate_secret(webhook=webhook, actor=actor, at=at)
        return _detail(request, made.webhook, _filled(webhook), secret=made.secret)
    form = _filled(webhook)
    with told_in(form):
        if what == "remove":
            webhooks.remove_webhook(webhook=webhook, actor=actor, at=at)
            return done(request, reverse("webhooks", args=[request.tenant.slug]), gettext("Webhook removed"))
        if what == "test":
            webhooks.send_test(webhook=webhook, actor=actor, at=at)
            return done(request, here, gettext("Test on its way"))
        webhooks.change_webhook(webhook=webhook, actor=actor, at=at, is_active=not webhook.is_active)
        return done(request, here, gettext("Webhook changed"))
    return _detail(request, webhook, form)


@require_POST
@may("webhook.edit")
def again(request: TenantRequest, pk: UUID, row: UUID) -> HttpResponse:
    """Send one event again, or with `all` also those after it."""
    webhook = _webhook(pk)
    found, form = webhook.deliveries.filter(pk=row).first(), _filled(webhook)
    if found is None:
        raise Http404
    with told_in(form):
        send = webhooks.replay_from if "all" in request.POST else webhooks.replay
        send(webhook=webhook, position=found.position, actor=request.membership, at=timezone.now())
        return done(request, _address(request, webhook), gettext("It is sent again"))
    return _detail(request, webhook, form)


def _detail(request: TenantRequest, webhook: Webhook, form: WebhookForm, *, secret: str = "") -> HttpResponse:
    heads = [
        Head(words=gettext("Event")),
        Head(words=gettext("State")),
        Head(words=gettext("Answer")),
        Head(words=gettext("Tries"), right=True),
        Head(words=gettext("Last")),
        Head(words=gettext("Send again"), silent=True),
    ]
    rows = [_sent(request, webhook, one) for one in webhook.deliveries.order_by("-pk")[:SHOWN]]
    crumb = Crumb(words=gettext("Webhooks"), url=reverse("webhooks", args=[request.tenant.slug]))
    return _page(
        request,
        form,
        secret=secret,
        heads=heads,
        rows=rows,
        title=gettext("Webhook"),
        above=[crumb],
        webhook=webhook,
        state=_state(webhook),
        keeper=webhook.kept_by.name,
        is_mine=webhook.kept_by_id == request.membership.pk,
    )


def _page(request: TenantRequest, form: WebhookForm, *, above: Any = (), title: str, **more: Any) -> HttpResponse:
    context = {
        "title": title,
        "crumbs": [
            Crumb(words=gettext("Settings"), url=reverse("settings", args=[request.tenant.slug])),
            *above,
            Crumb(words=title),
        ],
        "form": form,
        "verify": VERIFY,
        **more,
    }
    return page(request, "settings/webhooks.html", context, status=status_of(form))


def _entry(request: TenantRequest, webhook: Webhook) -> WebhookEntry:
    return WebhookEntry(
        url=webhook.url,
        about=words.listed(webhook.types) if webhook.types else gettext("all"),
        state=_state(webhook),
        page_url=_address(request, webhook),
    )


def _state(webhook: Webhook) -> str:
    return gettext("On") if webhook.is_active else str(webhook.get_ended_display() or gettext("Off"))


def _sent(request: TenantRequest, webhook: Webhook, one: Delivery) -> DeliveryEntry:
    tenant = request.tenant
    told = PROBLEMS.get(one.problem, "")
    return DeliveryEntry(
        type=one.type,
        state=str(one.get_state_display()),
        answer=str(told).format(status=one.status) if told else str(one.status or ""),
        tries=words.number(one.attempts, 0),
        last=words.moment(one.last_at, zone=tenant.zone, now=timezone.now()),
        again_url=reverse("webhook-again", args=[tenant.slug, webhook.pk, one.pk]),
    )


def _filled(webhook: Webhook) -> WebhookForm:
    form = WebhookForm({"url": webhook.url, "types": webhook.types})
    form.is_valid()
    return form


def _webhook(pk: UUID) -> Webhook:
    found = Webhook.objects.select_related("kept_by").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _address(request: TenantRequest, webhook: Webhook) -> str:
    return reverse("webhook", args=[request.tenant.slug, webhook.pk])
