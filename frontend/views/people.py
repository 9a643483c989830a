"""Who is in the organisation, and who was invited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import people, services
from accounts.models import Invitation, Membership, Team
from accounts.permissions import allows, invitable
from accounts.refusals import Refused
from accounts.services.invitations import may_handle
from accounts.teams import Branch, teams_managed_by, tree
from frontend import words
from frontend.access import may
from frontend.forms.people import Invite, PeopleFilterForm
from frontend.http import TenantRequest, done, more_url, page
from frontend.parts import Action, Crumb, Head

#: As many rows as fit on two screens.
ROWS = 50


@dataclass(frozen=True, kw_only=True)
class PersonRow:
    """One member in the list, in words."""

    name: str
    email: str
    url: str
    role: str
    team: str
    standing: str


@dataclass(frozen=True, kw_only=True)
class InvitationRow:
    """One offer that nobody has taken yet, in words; without addresses for what the reader may not do."""

    email: str
    role: str
    team: str
    inviter: str
    ends: str
    resend_url: str
    revoke_url: str


def crumbs(request: TenantRequest, *steps: Crumb) -> list[Crumb]:
    """The trail of a page below People."""
    slug = request.tenant.slug
    above = [
        Crumb(words=gettext("Settings"), url=reverse("settings", args=[slug])),
        Crumb(words=gettext("People"), url=reverse("people", args=[slug]) if steps else ""),
    ]
    return [*above, *steps]


@require_GET
@may("member.see")
def listing(request: TenantRequest) -> HttpResponse:
    """Everybody in the organisation by name, narrowed by standing, role, team and name."""
    branches = tree()
    form = PeopleFilterForm(request.GET, teams=branches)
    after = people.Spot.parse(request.GET.get("after", ""))
    found = people.page_of(people.narrowed(form.wanted()), after=after, size=ROWS)
    is_first = "after" not in request.GET
    context = {
        "title": gettext("People"),
        "crumbs": crumbs(request),
        "form": form,
        "heads": [
            Head(words=told) for told in (gettext("Name"), gettext("Role"), gettext("Team"), gettext("Standing"))
        ],
        "rows": [person_row(one, request.tenant.slug) for one in found.members],
        "more_url": more_url(request, found.more),
        "actions": actions(request),
        "leave_url": reverse("leave", args=[request.tenant.slug]),
    }
    if is_first and allows(request.membership, "member.invite"):
        context["invitations"] = invitation_rows(request, people.open_invitations())
        context["invitation_heads"] = [
            *(
                Head(words=told)
                for told in (gettext("Address"), gettext("Role"), gettext("Invited by"), gettext("Ends"))
            ),
            Head(words=gettext("Send again or take back"), silent=True),
        ]
    return page(request, "people/list.html", context, part="found" if is_first else "more")


def actions(request: TenantRequest) -> list[Action]:
    """What the reader may do about people as a whole."""
    if not allows(request.membership, "member.invite"):
        return []
    url = reverse("invite", args=[request.tenant.slug])
    return [Action(words=gettext("Invite people"), url=url, icon="plus", solid=True)]


def person_row(member: Membership, slug: str) -> PersonRow:
    return PersonRow(
        name=member.name,
        email=member.email,
        url=reverse("member", args=[slug, member.pk]),
        role=member.get_role_display(),
        team=member.team.name if member.team else "",
        standing=standing_of(member),
    )


def standing_of(member: Membership) -> str:
    """What is to be known of a member who cannot sign in; nothing of one who can."""
    if member.merged_into_id is not None:
        return gettext("Is another member now")
    if not member.is_active:
        return gettext("Deactivated")
    return gettext("Named by an import") if member.is_placeholder else ""


def invitation_rows(request: TenantRequest, invitations: Sequence[Invitation]) -> list[InvitationRow]:
    now, slug = timezone.now(), request.tenant.slug
    today = request.tenant.day_of(now)
    rows = []
    for one in invitations:
        over, mine = people.is_over(one, now), may_handle(request.membership, one)
        day = words.day(request.tenant.day_of(one.expires_at), today=today)
        rows.append(
            InvitationRow(
                email=one.email,
                role=one.get_role_display(),
                team=one.team.name if one.team else "",
                inviter=one.invited_by.name,
                ends=gettext("ended {day}").format(day=day) if over else day,
                resend_url=reverse("invitation-resend", args=[slug, one.pk]) if mine else "",
                revoke_url=reverse("invitation-revoke", args=[slug, one.pk]) if mine else "",
            )
        )
    return rows


def teams_to_offer(member: Membership) -> list[Branch]:
    """The teams into which a member may invite, as the tree has them."""
    if allows(member, "team.edit"):
        return tree()
    mine = teams_managed_by(member)
    return [branch for branch in tree() if branch.team.pk in mine]


@require_http_methods(["GET", "POST"])
@may("member.invite")
def invite(request: TenantRequest) -> HttpResponse:
    """Several addresses at once: each is invited or told why not, and one that is refused stops no other."""
    form = invite_form(request, request.POST or None)
    sent: list[str] = []
    if request.method == "POST" and form.is_valid():
        role, team = form.cleaned_data["role"], form.cleaned_data["team"]
        told = {
            email: invite_one(request.membership, email, role=role, team=team) for email in form.cleaned_data["emails"]
        }
        sent = [email for email, refusal in told.items() if not refusal]
        if len(sent) == len(told):
            return done(request, reverse("people", args=[request.tenant.slug]), invited_words(len(sent)))
        refused = {email: refusal for email, refusal in told.items() if refusal}
        form = invite_form(request, {"emails": "\n".join(refused), "role": role, "team": str(team.pk) if team else ""})
        form.add_error("emails", [f"{email}: {refusal}" for email, refusal in refused.items()])
    # With some invited this is no failure: a status of 400 and above would undo those.
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors and not sent else HTTPStatus.OK
    context = {
        "title": gettext("Invite people"),
        "lede": gettext("Each gets a letter with a link that opens once and ends after 14 days."),
        "crumbs": crumbs(request, Crumb(words=gettext("Invite people"))),
        "form": form,
        "finding": invited_words(len(sent)) if sent else "",
        "action": request.path,
        "button": gettext("Send the invitations"),
        "back_url": reverse("people", args=[request.tenant.slug]),
    }
    return page(request, "people/deed.html", context, status=status)


def invite_form(request: TenantRequest, given: Mapping[str, Any] | None) -> Invite:
    """What the member may offer."""
    member = request.membership
    may_none = allows(member, "team.edit")
    return Invite(given, roles=invitable(member), teams=teams_to_offer(member), may_none=may_none)


def invite_one(actor: Membership, email: str, *, role: str, team: Team | None) -> str:
    """Invite one of several; why not, where that is refused."""
    try:
        with transaction.atomic():
            services.invite(actor=actor, email=email, role=role, team=team, at=timezone.now())
    except Refused as refusal:
        return words.listed(list(refusal.fields.values())) if refusal.fields else str(refusal)
    return ""


def invited_words(count: int) -> str:
    return ngettext("{n} person invited", "{n} people invited", count).format(n=words.number(count))


def invitation_or_404(pk: UUID) -> Invitation:
    found = Invitation.objects.select_related("team").filter(pk=pk).first()
    if found is None:
        raise Http404(pk)
    return found


@require_POST
@may("member.invite")
def resend(request: TenantRequest, pk: UUID) -> HttpResponse:
    """A new letter with a new secret."""
    found = invitation_or_404(pk)
    services.resend_invitation(invitation=found, actor=request.membership, at=timezone.now())
    url = reverse("people", args=[request.tenant.slug])
    return done(request, url, gettext("Sent to {email} again").format(email=found.email))


@require_POST
@may("member.invite")
def revoke(request: TenantRequest, pk: UUID) -> HttpResponse:
    """The link in the letter opens nothing from now on."""
    found = invitation_or_404(pk)
    services.revoke_invitation(invitation=found, actor=request.membership, at=timezone.now())
    url = reverse("people", args=[request.tenant.slug])
    return done(request, url, gettext("The invitation of {email} is taken back").format(email=found.email))


@require_http_methods(["GET", "POST"])
@may("organisation.see")
def leave(request: TenantRequest) -> HttpResponse:
    """Leave the organisation oneself."""
    if request.method == "POST":
        services.leave_organisation(member=request.membership, at=timezone.now())
        return done(request, "/", gettext("You have left {name}").format(name=request.tenant.name))
    name = request.tenant.name
    context = {
        "title": gettext("Leave {name}?").format(name=name),
        "lede": gettext(
            "You see nothing of it any more, and your tokens end. Your deals stay in your name until somebody hands"
            " them over. An owner or a leader can let you in again."
        ),
        "crumbs": crumbs(request, Crumb(words=gettext("Leave"))),
        "action": request.path,
        "button": gettext("Leave {name}").format(name=name),
        "back_url": reverse("people", args=[request.tenant.slug]),
    }
    return page(request, "people/deed.html", context)
