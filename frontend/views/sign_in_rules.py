"""The settings page on which an owner says how the organisation's people sign in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.forms import BaseForm
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts import entrance, queries
from accounts.integrations import oidc, txt
from accounts.integrations.outbound import NotReached
from accounts.models import EmailDomain, IdentityProvider, Membership, Tenant
from accounts.refusals import Refused
from accounts.services import domains
from accounts.services import sign_in as services
from accounts.tenancy.scope import tenant_scope
from frontend import words
from frontend.access import outside
from frontend.forms.sign_in import DomainForm, ProviderForm, RulesForm
from frontend.http import TenantRequest, done, page, told_in
from frontend.parts import Crumb
from frontend.views import errors
from frontend.views.organisation_door import callback_address, is_too_often

PAGE = "settings-sign-in"


@outside("organisation.secure")
@require_GET
def show(request: TenantRequest) -> HttpResponse:
    """The provider, the domains and the rules, each with its own form."""
    return shown(request)


@outside("organisation.secure")
@require_POST
def provider(request: TenantRequest) -> HttpResponse:
    """Set the provider up or change it, after it has told of itself."""
    with tenant_scope(request.tenant.pk, read_only=True):
        there = services.provider_of_tenant()
    form = ProviderForm(request.POST, provider=there)
    if is_too_often(request):
        return errors.too_often(request)
    metadata = _discovered(form) if form.is_valid() else None
    if metadata is not None:
        given = {name: form.cleaned_data[name] for name in ("name", "client_id", "client_secret", "vouches")}
        with told_in(form), tenant_scope(request.tenant.pk):
            services.set_provider(actor=request.membership, metadata=metadata, at=timezone.now(), **given)
    if form.errors:
        return shown(request, provider_form=form)
    return done(request, _url(request), gettext("{provider} is set up. Try it now.").format(provider=given["name"]))


def _discovered(form: ProviderForm) -> oidc.Metadata | None:
    """What the provider tells of itself; what is wrong with it is told at its address."""
    try:
        return oidc.discover(form.cleaned_data["issuer"])
    except NotReached:
        form.add_error("issuer", gettext("Nothing there tells of a provider. Give the address it calls its issuer."))
    except oidc.NotProven:
        form.add_error(
            "issuer", gettext("The provider there calls itself by another address. Copy its issuer exactly.")
        )
    return None


@outside("organisation.secure")
@require_POST
def remove_provider(request: TenantRequest) -> HttpResponse:
    """Forget the provider."""
    with tenant_scope(request.tenant.pk):
        services.remove_provider(actor=request.membership, at=timezone.now())
    return done(request, _url(request), gettext("The provider is removed."))


@outside("organisation.secure")
@require_POST
def add_domain(request: TenantRequest) -> HttpResponse:
    """List one more domain."""
    form = DomainForm(request.POST)
    if form.is_valid():
        try:
            with tenant_scope(request.tenant.pk):
                added = domains.add_domain(
                    actor=request.membership, domain=form.cleaned_data["domain"], at=timezone.now()
                )
        except Refused as refusal:
            form.add_error("domain", str(refusal))
    if form.errors:
        return shown(request, domain_form=form)
    sentence = gettext("{domain} is on the list. Write its record, then check it.").format(domain=added.domain)
    return done(request, _url(request), sentence)


@outside("organisation.secure")
@require_POST
def check_domain(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Look for the record of a domain."""
    domain = _domain(request, pk)
    if is_too_often(request):
        return errors.too_often(request)
    try:
        texts = txt.texts_of(txt.record_name(domain.domain))
    except txt.NoAnswer:
        return shown(
            request, problem=gettext("Nobody answers for {domain}. Try again later.").format(domain=domain.domain)
        )
    with tenant_scope(request.tenant.pk):
        again = EmailDomain.objects.select_for_update(of=("self",)).filter(pk=pk).first()
        if again is None:
            raise Http404(pk)
        proven = domains.note_texts(domain=again, texts=texts, actor=request.membership, at=timezone.now())
    if not proven:
        return shown(request, problem=str(domains.NotThereYet()))
    return done(request, _url(request), gettext("{domain} is proven.").format(domain=domain.domain))


@outside("organisation.secure")
@require_POST
def remove_domain(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Take a domain from the list."""
    domain = _domain(request, pk)
    with tenant_scope(request.tenant.pk):
        domains.remove_domain(domain=domain, actor=request.membership, at=timezone.now())
    return done(request, _url(request), gettext("{domain} is removed.").format(domain=domain.domain))


@outside("organisation.secure")
@require_POST
def rules(request: TenantRequest) -> HttpResponse:
    """Say what members must show."""
    form = RulesForm(request.POST)
    if form.is_valid():
        with told_in(form), tenant_scope(request.tenant.pk):
            now = timezone.now()
            tried = entrance.has_shown_provider(request.session, request.tenant.pk, now=now)
            services.set_sign_in_rules(actor=request.membership, tried=tried, at=now, **form.cleaned_data)
    if form.errors:
        return shown(request, rules_form=form)
    return done(request, _url(request), gettext("The rules are saved."))


@dataclass(frozen=True, kw_only=True)
class DomainRow:
    """One domain, in words."""

    name: str
    state: str
    record: str
    value: str
    check_url: str
    remove_url: str


def shown(
    request: TenantRequest,
    *,
    provider_form: ProviderForm | None = None,
    domain_form: DomainForm | None = None,
    rules_form: RulesForm | None = None,
    problem: str = "",
) -> HttpResponse:
    """The page, with whichever form came back."""
    tenant, now = request.tenant, timezone.now()
    with tenant_scope(tenant.pk, read_only=True):
        tenant.refresh_from_db()
        provider = services.provider_of_tenant()
        listed = list(EmailDomain.objects.order_by("domain"))
        people = list(Membership.objects.filter(is_active=True, user__isnull=False).values_list("user_id", flat=True))
        tried = entrance.has_shown_provider(request.session, tenant.pk, now=now)
    without = len(people) - queries.count_second_factors([key for key in people if key])
    slug = tenant.slug
    rules_form = rules_form or _rules_as_they_are(tenant, provider)
    rules_form.fields["sso_required"].help_text = _affected_by_sso(len(people), tried=tried)
    rules_form.fields["mfa_required"].help_text = _affected_by_mfa(len(people), without)
    context: dict[str, Any] = {
        "title": gettext("Sign-in rules"),
        "crumbs": [
            Crumb(words=gettext("Settings"), url=reverse("settings", args=[slug])),
            Crumb(words=gettext("Sign-in rules")),
        ],
        "problem": problem,
        "provider": provider,
        "tried": tried,
        "provider_form": provider_form or ProviderForm(provider=provider),
        "domain_form": domain_form or DomainForm(),
        "rules_form": rules_form,
        "callback": callback_address(request, tenant),
        "door": request.build_absolute_uri(reverse("organisation-sign-in", args=[slug])),
        "try_url": f"{reverse('organisation-sign-in-go', args=[slug])}?{urlencode({'next': _url(request)})}",
        "domains": [domain_row(domain, request) for domain in listed],
    }
    forms: list[BaseForm] = [context["provider_form"], context["domain_form"], rules_form]
    status = 422 if problem or any(form.errors for form in forms) else 200
    context["failed"] = status != 200
    return page(request, "settings/sign_in.html", context, status=status)


def _rules_as_they_are(tenant: Tenant, provider: IdentityProvider | None) -> RulesForm:
    return RulesForm(
        initial={
            "sso_required": tenant.sso_required,
            "mfa_required": tenant.mfa_required,
            "joins_as": provider.joins_as if provider else "",
        }
    )


def _affected_by_sso(count: int, *, tried: bool) -> str:
    who = ngettext(
        "Affects the {n} member: other ways in are closed. An owner with a second step can still get in.",
        "Affects all {n} members: other ways in are closed. An owner with a second step can still get in.",
        count,
    ).format(n=count)
    first = "" if tried else gettext("Sign in with the provider yourself first.")
    return f"{who} {first} {gettext('API tokens go on working.')}".replace("  ", " ")


def _affected_by_mfa(count: int, without: int) -> str:
    return ngettext(
        "{without} of {n} member has none and must set one up before the next page. Who signs in with the provider is"
        " asked there.",
        "{without} of {n} members have none and must set one up before the next page. Who signs in with the provider"
        " is asked there.",
        count,
    ).format(without=without, n=count)


def domain_row(domain: EmailDomain, request: TenantRequest) -> DomainRow:
    """What is known of a domain."""
    today = request.tenant.day_of(timezone.now())

    def day(moment: Any) -> str:
        return words.day(request.tenant.day_of(moment), today=today)

    if domain.verified_at:
        state = gettext("Proven {day}").format(day=day(domain.verified_at))
    elif domain.lost_at:
        state = gettext("Lost {day}: the record is gone").format(day=day(domain.lost_at))
    elif domain.checked_at:
        state = gettext("Not proven: no record {day}").format(day=day(domain.checked_at))
    else:
        state = gettext("Not checked yet")
    args = [request.tenant.slug, domain.pk]
    return DomainRow(
        name=domain.domain,
        state=state,
        record=txt.record_name(domain.domain),
        value=f"{domains.PREFIX}{domain.challenge}",
        check_url=reverse("sign-in-domain-check", args=args),
        remove_url=reverse("sign-in-domain-remove", args=args),
    )


def _domain(request: TenantRequest, pk: UUID) -> EmailDomain:
    with tenant_scope(request.tenant.pk, read_only=True):
        found = EmailDomain.objects.filter(pk=pk).first()
    if found is None:
        raise Http404(pk)
    return found


def _url(request: TenantRequest) -> str:
    return reverse(PAGE, args=[request.tenant.slug])
