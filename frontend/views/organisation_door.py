"""An organisation's own door: signing in with its identity provider, and what its members must show besides."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib.auth import login
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit, entrance, queries
from accounts.api.limits import visitor
from accounts.entrance import Bar
from accounts.integrations import oidc
from accounts.integrations.limits import Bucket, Limit, take
from accounts.integrations.outbound import NotReached
from accounts.models import IdentityProvider, Membership, Tenant, User
from accounts.refusals import Refused
from accounts.secrets import NotOpened
from accounts.services import identities
from accounts.services import sign_in as services
from accounts.tenancy.scope import tenant_scope
from frontend.access import outside, public, signed_in
from frontend.forms.sign_in import FindOrganisation
from frontend.http import SignedRequest, TenantRequest, page
from frontend.views import errors

log = structlog.get_logger(__name__)

VISITS = "provider_visits"
# Several tabs may be on their way at once; who needs longer begins again.
MOST_VISITS, VISIT_LASTS = 5, 600
METADATA_LASTS = 300
TRIES = Limit("sign-in with a provider", 30)
UNPROCESSABLE = 422


@public(because="this is how people of an organisation get in")
@require_GET
def door(request: HttpRequest, slug: str) -> HttpResponse:
    """How to sign in to an organisation. One without a provider and one that does not exist look the same."""
    tenant = tenant_at(slug)
    provider = provider_of(tenant)
    wanted = way_on(request, slug)
    member, bar = _member_and_bar(request, slug)
    if member is not None and bar is None:
        return redirect(wanted)
    context: dict[str, Any] = {
        "title": gettext("Sign in"),
        "provider": provider,
        "organisation_name": tenant.name if tenant and (provider or member) else "",
        "go_url": f"{reverse('organisation-sign-in-go', args=[slug])}?{urlencode({'next': wanted})}",
        "password_url": _password_url(request, wanted),
        "is_known": request.user.is_authenticated,
        "bar": bar,
        **_second_factor(request, wanted, bar),
    }
    if member is not None and bar == Bar.PROVIDER:
        context["past_provider"] = entrance.may_go_past_provider(request.session, member)
        context["is_owner"] = member.role == "owner"
    context["slug"], context["next"] = slug, wanted
    return page(request, "doors/organisation.html", context)


@public(because="this is how people of an organisation get in")
@require_GET
def go(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the browser to the organisation's provider."""
    if is_too_often(request):
        return errors.too_often(request)
    tenant = tenant_at(slug)
    provider = provider_of(tenant)
    if tenant is None or provider is None:
        return redirect("organisation-sign-in", slug)
    try:
        client, metadata = services.client_of(provider), metadata_of(provider)
        address, visit = oidc.send(client, metadata, redirect_uri=callback_address(request, tenant))
    except (NotReached, oidc.NotProven, NotOpened) as error:
        return not_signed_in(request, tenant, provider, error)
    kept = {"tenant": tenant.pk, "provider": str(provider.pk), "at": timezone.now().timestamp(), **vars(visit)}
    visits = [*request.session.get(VISITS, []), {**kept, "next": way_on(request, slug)}]
    request.session[VISITS] = visits[-MOST_VISITS:]
    return redirect(address)


@public(because="this is where a provider sends people back to")
@require_GET
def callback(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Somebody comes back from the provider of an organisation."""
    kept = _taken(request, request.GET.get("state", ""))
    tenant = get_object_or_404(Tenant, public_id=public_id)
    if kept is None or kept["tenant"] != tenant.pk:
        return _over(request)
    provider = provider_of(tenant)
    if provider is None or str(provider.pk) != kept["provider"]:
        return _over(request)
    if request.GET.get("error") or not request.GET.get("code"):
        return not_signed_in(request, tenant, provider, oidc.NotProven("cancelled"))
    visit = oidc.Visit(**{name: kept[name] for name in oidc.Visit.__dataclass_fields__})
    try:
        client = services.client_of(provider)
        person = oidc.receive(client, visit, code=request.GET["code"], iss=request.GET.get("iss", ""))
        member = _let_in(request, tenant, provider, person)
    except (NotReached, oidc.NotProven, NotOpened, Refused) as error:
        return not_signed_in(request, tenant, provider, error)
    begin(request, member, provider)
    return redirect(kept["next"])


def _let_in(request: HttpRequest, tenant: Tenant, provider: IdentityProvider, person: oidc.Person) -> Membership:
    known = request.user.is_authenticated and not entrance.is_confined(request.session)
    own = cast("User", request.user) if known else None
    now = timezone.now()
    with tenant_scope(tenant.pk):
        member = identities.let_in(provider=provider, person=person, own=own, at=now)
        audit.record(verb="member.signed_in", subject=member, actor=member, at=now, issuer=provider.issuer)
    return member


def begin(request: HttpRequest, member: Membership, provider: IdentityProvider) -> None:
    """Sign the member in, or note in the session of who is signed in already that the provider agrees."""
    user = cast("User", member.user)
    known = request.user.is_authenticated and request.user.pk == user.pk
    if known:
        request.session.cycle_key()
    else:
        # Nothing that somebody else showed in this browser goes on.
        request.session.flush()
        login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    entrance.mark_provider(request.session, provider=provider, begun=not known, now=timezone.now())


@outside("organisation.secure", barred_too=True)
@require_POST
def past_provider(request: TenantRequest) -> HttpResponse:
    """An owner enters although the provider does not answer; everybody who may reads of it in the log."""
    slug = request.tenant.slug
    if not entrance.may_go_past_provider(request.session, request.membership):
        return redirect("organisation-sign-in", slug)
    now = timezone.now()
    with tenant_scope(request.tenant.pk):
        services.note_entry_past_provider(actor=request.membership, at=now)
    entrance.mark_past_provider(request.session, tenant_id=request.tenant.pk, now=now)
    return redirect(way_on(request, slug))


@public(because="this is how people of an organisation find its door")
@require_http_methods(["GET", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """The organisations whose own domain an address has: a domain is public, and who is a member is not told."""
    form = FindOrganisation(request.POST or None)
    found: list[tuple[str, str]] = []
    query = {"next": request.GET["next"]} if "next" in request.GET else {}
    if request.method == "POST":
        if is_too_often(request):
            return errors.too_often(request)
        if form.is_valid():
            tenants = queries.tenants_of_domain(form.cleaned_data["email"])
            slugs = [(tenant.name, tenant.slug) for tenant in tenants if provider_of(tenant)]
            found = [(name, _with(reverse("organisation-sign-in", args=[slug]), query)) for name, slug in slugs]
            if len(found) == 1:
                return redirect(found[0][1])
            if not found:
                form.add_error("email", gettext("No organisation signs in by addresses of this domain."))
    here = _with(reverse("find-organisation"), query)
    context = {"form": form, "found": found, "here": here, "login_url": _with(reverse("account_login"), query)}
    return page(request, "doors/find_organisation.html", context, status=UNPROCESSABLE if form.errors else 200)


@signed_in(because="it says how to sign in by oneself")
@require_GET
def own(request: SignedRequest) -> HttpResponse:
    """Somebody whom only an organisation vouches for wants more than that organisation's pages."""
    wanted = request.GET.get("next", "/")
    wanted = wanted if _is_ours(wanted) else "/"
    context = {"login_url": _password_url(request, wanted), "is_known": True, "email": request.user.email}
    return page(request, "doors/own.html", context)


def tenant_at(slug: str) -> Tenant | None:
    """The organisation of an address, also of one it had before."""
    found = Tenant.objects.filter(slug=slug).first()
    return found or Tenant.objects.filter(past_addresses__slug=slug).first()


def provider_of(tenant: Tenant | None) -> IdentityProvider | None:
    """The organisation's provider, looked up in its own scope."""
    if tenant is None:
        return None
    with tenant_scope(tenant.pk, read_only=True):
        found = services.provider_of_tenant()
    if found is not None:
        found.tenant = tenant
    return found


def metadata_of(provider: IdentityProvider, *, fresh: bool = False) -> oidc.Metadata:
    """What the provider tells of itself, asked again after a few minutes."""
    key = f"oidc:{provider.tenant_id}:{provider.pk}"
    told = None if fresh else cache.get(key)
    if told is None:
        told = vars(oidc.discover(provider.issuer))
        cache.set(key, told, METADATA_LASTS)
    return oidc.Metadata(**told)


def callback_address(request: HttpRequest, tenant: Tenant) -> str:
    """Where the organisation's provider sends people back to: it stays when the organisation's address changes."""
    return request.build_absolute_uri(reverse("organisation-callback", args=[tenant.public_id]))


def not_signed_in(request: HttpRequest, tenant: Tenant, provider: IdentityProvider, error: Exception) -> HttpResponse:
    """What could not be, and the way to try again. The one word for those who look after the provider is no secret."""
    why = str(getattr(error, "why", "")) or getattr(error, "code", "secret")
    log.info("provider_sign_in_failed", tenant=tenant.slug, why=why)
    if isinstance(error, Refused):
        sentence = str(error)
    elif why == "cancelled":
        sentence = gettext("{provider} did not sign you in.").format(provider=provider.name)
    elif isinstance(error, NotReached):
        sentence = gettext("{provider} does not answer as it should. Try again in a minute.").format(
            provider=provider.name
        )
    else:
        sentence = gettext("What {provider} answered does not prove who you are.").format(provider=provider.name)
    context = {
        "sentence": sentence,
        "why": "" if isinstance(error, Refused) or why == "cancelled" else why,
        "again_url": reverse("organisation-sign-in", args=[tenant.slug]),
    }
    return page(request, "doors/not_signed_in.html", context, status=getattr(error, "status", UNPROCESSABLE))


def is_too_often(request: HttpRequest) -> bool:
    """Whether somebody makes us ask an organisation's provider, or look domains up, more often than people do."""
    return any(standing.wait for standing in take([Bucket(TRIES, f"from:{visitor(request)}")]))


def way_on(request: HttpRequest, slug: str) -> str:
    """The page that was wanted, if it is one of this organisation."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    home = f"/o/{slug}/"
    is_door = wanted.startswith(reverse("organisation-sign-in", args=[slug]))
    return wanted if _is_ours(wanted) and wanted.startswith(home) and not is_door else home


def _is_ours(address: str) -> bool:
    return address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)


def _taken(request: HttpRequest, state: str) -> dict[str, Any] | None:
    """The visit that a state belongs to. It can be taken once."""
    visits = request.session.get(VISITS, [])
    found = next((visit for visit in visits if state and visit["state"] == state), None)
    if found is None:
        return None
    request.session[VISITS] = [visit for visit in visits if visit is not found]
    return found if timezone.now().timestamp() - found["at"] <= VISIT_LASTS else None


def _over(request: HttpRequest) -> HttpResponse:
    context = {
        "sentence": gettext("This sign-in is over, or it was begun in another browser."),
        "why": "",
        "again_url": reverse("account_login"),
    }
    return page(request, "doors/not_signed_in.html", context, status=400)


def _member_and_bar(request: HttpRequest, slug: str) -> tuple[Membership | None, Bar | None]:
    """The signed-in member of the organisation, and what they have still to show."""
    place = queries.place_of(request.user, slug) if request.user.is_authenticated else None
    if place is None:
        return None, None
    with tenant_scope(place.tenant_id, read_only=True):
        member = queries.member(place.membership_id)
        return member, entrance.bar_of(request.session, member, now=timezone.now())


def _second_factor(request: HttpRequest, wanted: str, bar: Bar | None) -> dict[str, str]:
    """Where a second factor is shown, or set up by those who have none."""
    if bar != Bar.SECOND_FACTOR:
        return {}
    has_one = queries.has_second_factor(cast("User", request.user))
    url = reverse("mfa_reauthenticate" if has_one else "mfa_index")
    return {"show_url": _with(url, {"next": wanted})} if has_one else {"set_up_url": url}


def _password_url(request: HttpRequest, wanted: str) -> str:
    """Signing in by oneself: who is signed in already has to leave first."""
    there = _with(reverse("account_login"), {"next": wanted})
    return _with(reverse("account_logout"), {"next": there}) if request.user.is_authenticated else there


def _with(url: str, query: dict[str, str]) -> str:
    return f"{url}?{urlencode(query)}" if query else url
