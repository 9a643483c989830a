"""Teams, as the tree they are."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts import people, services
from accounts.models import Membership, Team
from accounts.permissions import allows, require
from accounts.teams import Branch, teams_below, tree
from frontend import words
from frontend.access import may
from frontend.forms.people import TeamForm
from frontend.http import TenantRequest, done, page, told_in
from frontend.parts import Crumb, Head

#: A page lists so many members of a team; the list of people has the rest.
SHOWN = 100


@dataclass(frozen=True, kw_only=True)
class TeamRow:
    """One team in the tree, in words. css: how far it is indented."""

    name: str
    url: str
    css: str
    manager: str
    members: str


def crumbs(request: TenantRequest, *steps: Crumb) -> list[Crumb]:
    slug = request.tenant.slug
    above = [
        Crumb(words=gettext("Settings"), url=reverse("settings", args=[slug])),
        Crumb(words=gettext("Teams"), url=reverse("teams", args=[slug]) if steps else ""),
    ]
    return [*above, *steps]


def row(branch: Branch, slug: str) -> TeamRow:
    return TeamRow(
        name=branch.team.name,
        url=reverse("team", args=[slug, branch.team.pk]),
        css=f"deep-{min(branch.depth, 5)}" if branch.depth else "",
        manager=branch.team.manager.name if branch.team.manager else "",
        members=words.number(branch.members),
    )


@require_http_methods(["GET", "POST"])
@may("team.see")
def listing(request: TenantRequest) -> HttpResponse:
    """The tree, and a form for one more team for those who may."""
    branches = tree()
    form = None
    if allows(request.membership, "team.edit"):
        given = request.POST if request.method == "POST" else None
        form = TeamForm(given, teams=branches, members=people.who_can_sign_in())
    if request.method == "POST":
        require(request.membership, "team.edit")
        if form is not None and form.is_valid():
            with told_in(form):
                team = services.add_team(actor=request.membership, at=timezone.now(), **form.cleaned_data)
                url = reverse("teams", args=[request.tenant.slug])
                return done(request, url, gettext("{team} added").format(team=team.name))
    context = {
        "title": gettext("Teams"),
        "crumbs": crumbs(request),
        "heads": [
            Head(words=gettext("Team")),
            Head(words=gettext("Manager")),
            Head(words=gettext("Members"), right=True),
        ],
        "rows": [row(branch, request.tenant.slug) for branch in branches],
        "form": form,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form is not None and form.errors else HTTPStatus.OK
    return page(request, "people/teams.html", context, status=status)


def team_or_404(pk: UUID) -> Team:
    found = Team.objects.select_related("parent", "manager").filter(pk=pk).first()
    if found is None:
        raise Http404(pk)
    return found


@require_http_methods(["GET", "POST"])
@may("team.see")
def detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    """One team: who is in it, and a form for its name, place and manager for those who may."""
    team, slug = team_or_404(pk), request.tenant.slug
    form = form_for(request, team)
    if request.method == "POST":
        require(request.membership, "team.edit")
    if request.method == "POST" and form is not None and form.is_valid():
        with told_in(form):
            change(request, team, form)
        if form.is_valid():
            return done(request, reverse("team", args=[slug, team.pk]), gettext("Saved"))
    members = list(Membership.objects.filter(team=team, is_active=True).order_by("name", "pk")[:SHOWN])
    below = Team.objects.filter(parent=team).exists()
    context = {
        "title": team.name,
        "crumbs": crumbs(request, Crumb(words=team.name)),
        "facts": [
            (gettext("Below"), team.parent.name if team.parent else gettext("No other team")),
            (gettext("Manager"), team.manager.name if team.manager else gettext("Nobody")),
        ],
        "members": [(one, reverse("member", args=[slug, one.pk])) for one in members],
        "all_url": f"{reverse('people', args=[slug])}?team={team.pk}",
        "form": form,
        "remove_url": reverse("team-remove", args=[slug, team.pk]) if form and not members and not below else "",
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form is not None and form.errors else HTTPStatus.OK
    return page(request, "people/team.html", context, status=status)


def form_for(request: TenantRequest, team: Team) -> TeamForm | None:
    """The form with what the team is now, for those who may change it. It cannot stand below itself."""
    if not allows(request.membership, "team.edit"):
        return None
    under = teams_below([team.pk])
    return TeamForm(
        request.POST if request.method == "POST" else None,
        teams=[branch for branch in tree() if branch.team.pk not in under],
        members=people.who_can_sign_in(),
        team=team,
    )


def change(request: TenantRequest, team: Team, form: TeamForm) -> None:
    """What differs, each its own deed."""
    given, actor, at = form.cleaned_data, request.membership, timezone.now()
    services.rename_team(team=team, name=given["name"], actor=actor, at=at)
    services.move_team(team=team, below=given["parent"], actor=actor, at=at)
    services.set_manager(team=team, to=given["manager"], actor=actor, at=at)


@require_POST
@may("team.edit")
def remove(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Remove an empty team."""
    team = team_or_404(pk)
    services.remove_team(team=team, actor=request.membership, at=timezone.now())
    url = reverse("teams", args=[request.tenant.slug])
    return done(request, url, gettext("{team} removed").format(team=team.name))
