"""A member's own settings, and the keys of their programs."""

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import queries
from accounts.integrations.tokens import make_token, revoke_token
from accounts.models import ApiToken
from activities.queries import log_time
from frontend import navigation, words
from frontend.access import may
from frontend.forms.settings import SCOPE_WORDS, TokenForm
from frontend.http import TenantRequest, done, page, told_in
from frontend.parts import Crumb
from frontend.today import log_time_words

EIGHT_WEEKS = timedelta(weeks=8)


@require_GET
@may("organisation.see")
def own(request: TenantRequest) -> HttpResponse:
    """How the pages look for this person, who they are here, and the way out."""
    tenant, member = request.tenant, request.membership
    context = {
        "title": gettext("Settings"),
        "crumbs": [Crumb(words=gettext("Settings"))],
        "you": [
            (gettext("Name"), member.name),
            (gettext("E-mail"), member.email),
            (gettext("Role"), member.get_role_display()),
        ],
        "about": [
            (gettext("Name"), tenant.name),
            (gettext("Address"), f"/o/{tenant.slug}/"),
            (gettext("Time zone"), tenant.time_zone),
            (gettext("Currency"), tenant.currency),
            (gettext("Outcomes count from"), gettext("grade E{n}").format(n=tenant.counts_from_grade)),
            (gettext("Time to log"), log_time_words(log_time(since=tenant.day_of(timezone.now()) - EIGHT_WEEKS))),
        ],
        "lists_ways": True,
        "elsewhere": navigation.beside_tabs(request),
    }
    return render(request, "settings/own.html", context)


@dataclass(frozen=True, kw_only=True)
class TokenRow:
    """One key of a program, in words."""

    name: str
    prefix: str
    may: str
    made: str
    used: str
    ends: str
    is_live: bool
    revoke_url: str


@never_cache
@require_http_methods(["GET", "POST"])
@may("token.make")
def tokens(request: TenantRequest) -> HttpResponse:
    """The member's keys, and a form for one more. A new key is shown in the answer to its form, and never again."""
    form, secret = TokenForm(request.POST or None, member=request.membership), ""
    now = timezone.now()
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            made = make_token(
                actor=request.membership,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                at=now,
                expires_at=form.expires_at(now),
            )
            secret, form = made.secret, TokenForm(member=request.membership)
    context = {
        "title": gettext("API tokens"),
        "crumbs": [
            Crumb(words=gettext("Settings"), url=reverse("settings", args=[request.tenant.slug])),
            Crumb(words=gettext("API tokens")),
        ],
        "form": form,
        "secret": secret,
        "rows": [token_row(token, request) for token in queries.tokens_of(request.membership)],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return page(request, "settings/tokens.html", context, status=status)


def token_row(token: ApiToken, request: TenantRequest) -> TokenRow:
    now = timezone.now()
    today = request.tenant.day_of(now)
    over = token.revoked_at or (token.expires_at if token.expires_at and token.expires_at <= now else None)
    used = words.ago(request.tenant.day_of(token.last_used_at), today=today) if token.last_used_at else ""
    ends = words.day(request.tenant.day_of(token.expires_at), today=today) if token.expires_at else gettext("never")
    if token.revoked_at:
        ends = gettext("revoked {day}").format(day=words.day(request.tenant.day_of(token.revoked_at), today=today))
    return TokenRow(
        name=token.name,
        prefix=f"{token.prefix}…",
        may=words.listed([str(SCOPE_WORDS.get(scope, scope)) for scope in token.scopes]),
        made=words.day(request.tenant.day_of(token.created_at), today=today),
        used=used or gettext("not yet"),
        ends=ends,
        is_live=over is None,
        revoke_url=reverse("token-revoke", args=[request.tenant.slug, token.pk]),
    )


@require_POST
@may("token.make")
def revoke(request: TenantRequest, pk: UUID) -> HttpResponse:
    """End one of the member's own keys at once."""
    token = next((token for token in queries.tokens_of(request.membership) if token.pk == pk), None)
    if token is None:
        raise Http404(pk)
    revoke_token(token=token, actor=request.membership, at=timezone.now())
    url = reverse("tokens", args=[request.tenant.slug])
    return done(request, url, gettext("{token} revoked").format(token=token.name))
