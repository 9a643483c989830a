"""Where an organisation begins: the first run, and the way to the page that a member wants."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from accounts import queries as accounts
from accounts.permissions import LEADING, allows
from frontend import navigation
from frontend.access import may
from frontend.http import TenantRequest
from frontend.parts import Action, Crumb
from strategy import queries


@require_GET
@may("organisation.see")
def first(request: TenantRequest) -> HttpResponse:
    """To the report of those who lead, to the day of those who sell, or to the first run while there is nothing."""
    slug = request.tenant.slug
    if not queries.has_deals():
        return redirect("start", slug)
    if request.membership.role in LEADING:
        return redirect("execution", slug)
    return redirect("today" if allows(request.membership, "activity.log") else "deals", slug)


@require_GET
@may("organisation.see")
def start(request: TenantRequest) -> HttpResponse:
    """Two ways to begin: bring in an export, or look at the example organisation, where there is one."""
    context = {
        "title": gettext("Welcome to {organisation}").format(organisation=request.tenant.name),
        "crumbs": [Crumb(words=gettext("Start"))],
        "import_action": import_action(request),
        "example_action": example_action(request),
    }
    return render(request, "organisation/start.html", context)


def import_url(request: TenantRequest) -> str:
    """The address where an import begins; empty for members who may not."""
    if not allows(request.membership, navigation.IMPORT_NEW.capability):
        return ""
    return navigation.address_of(navigation.IMPORT_NEW, request.tenant.slug)


def import_action(request: TenantRequest) -> Action | None:
    """The way to bring in an export, for those who may."""
    url = import_url(request)
    if not url:
        return None
    return Action(words=gettext("Import an export"), url=url, icon="upload", solid=True)


def example_action(request: TenantRequest) -> Action | None:
    """The way to the example organisation, for its members."""
    example = next((place for place in accounts.places_of(request.user) if place.is_demo), None)
    if example is None or example.slug == request.tenant.slug:
        return None
    return Action(words=gettext("Look at the example"), url=reverse("execution", args=[example.slug]), icon="exec")
