"""One member's page, and what becomes of the member."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.forms import BaseForm
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts import people, services
from accounts.models import Membership
from accounts.models.organisation import Role
from accounts.permissions import RANKS, NotAllowed, allows, invitable, reaches
from accounts.teams import tree
from frontend import words
from frontend.access import may
from frontend.forms.people import ChangeMember, Choose, InviteAs, RenameSelf
from frontend.http import TenantRequest, done, page, told_in
from frontend.parts import Action, Crumb
from frontend.views.people import crumbs, standing_of, teams_to_offer
from strategy.queries import how_many_open_deals_of
from strategy.services import hand_over_deals

SELLING = (Role.OWNER, Role.LEADER, Role.MANAGER, Role.REP)


def member_or_404(pk: UUID) -> Membership:
    try:
        return people.member(pk)
    except Membership.DoesNotExist as error:
        raise Http404(pk) from error


def url_of(request: TenantRequest, name: str, member: Membership) -> str:
    return reverse(name, args=[request.tenant.slug, member.pk])


@require_http_methods(["GET", "POST"])
@may("member.see")
def detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Who a member is, and a form for what the reader may change: everybody their own name, some also others."""
    member = member_or_404(pk)
    form = form_for(request, member)
    if request.method == "POST" and form is None:
        raise NotAllowed(capability="member.edit")
    if request.method == "POST" and form is not None and form.is_valid():
        with told_in(form):
            change(request, member, form.cleaned_data)
        if form.is_valid():
            return done(request, url_of(request, "member", member), gettext("Saved"))
    context = {
        "title": member.name,
        "crumbs": crumbs(request, Crumb(words=member.name)),
        "facts": facts(request, member),
        "form": form,
        "deeds": deeds(request, member),
        "reactivate_url": url_of(request, "member-reactivate", member) if may_reactivate(request, member) else "",
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form is not None and form.errors else HTTPStatus.OK
    return page(request, "people/member.html", context, status=status)


def is_within_reach(request: TenantRequest, member: Membership) -> bool:
    return allows(request.membership, "member.edit") and reaches(request.membership, member.role)


def may_reactivate(request: TenantRequest, member: Membership) -> bool:
    return is_within_reach(request, member) and not member.is_active and member.merged_into_id is None


def form_for(request: TenantRequest, member: Membership) -> BaseForm | None:
    if member.merged_into_id is not None:
        return None
    given = request.POST if request.method == "POST" else None
    if is_within_reach(request, member):
        roles = [role for role in RANKS if reaches(request.membership, role)]
        return ChangeMember(given, member=member, roles=roles, teams=tree())
    return RenameSelf(given, member=member) if member.pk == request.membership.pk else None


def change(request: TenantRequest, member: Membership, given: dict[str, Any]) -> None:
    """What differs, each its own deed."""
    actor, at = request.membership, timezone.now()
    services.rename_member(member=member, name=given["name"], actor=actor, at=at)
    if "team" in given:
        services.put_in_team(member=member, team=given["team"], actor=actor, at=at)
    if "role" in given:
        services.change_role(member=member, to=given["role"], actor=actor, at=at)


def facts(request: TenantRequest, member: Membership) -> list[tuple[str, str]]:
    today = request.tenant.day_of(timezone.now())
    known = [
        (gettext("E-mail"), member.email),
        (gettext("Role"), member.get_role_display()),
        (gettext("Team"), member.team.name if member.team else ""),
        (gettext("Standing"), standing_of(member)),
        (gettext("Is now"), member.merged_into.name if member.merged_into else ""),
        (gettext("Here since"), words.day(request.tenant.day_of(member.created_at), today=today)),
        (gettext("Open deals"), words.number(how_many_open_deals_of(member.pk))),
        (gettext("Came from"), member.source),
        (gettext("Number there"), member.external_id),
    ]
    return [(name, fact) for name, fact in known if fact]


def deeds(request: TenantRequest, member: Membership) -> list[Action]:
    """What the reader may do with a member, beside changing them."""
    mine = request.membership.pk == member.pk
    found = []
    if is_within_reach(request, member) and how_many_open_deals_of(member.pk):
        found.append(Action(words=gettext("Hand over the open deals"), url=url_of(request, "member-deals", member)))
    if member.is_active and member.is_placeholder and allows(request.membership, "member.edit"):
        found.append(Action(words=gettext("Invite as this member"), url=url_of(request, "member-invite", member)))
        found.append(Action(words=gettext("Is a member already"), url=url_of(request, "member-link", member)))
    can_own = member.is_active and not member.is_placeholder and not mine
    if can_own and allows(request.membership, "organisation.secure"):
        url = url_of(request, "member-ownership", member)
        found.append(Action(words=gettext("Hand over the ownership"), url=url))
    if is_within_reach(request, member) and member.is_active and not mine:
        found.append(Action(words=gettext("Deactivate"), url=url_of(request, "member-deactivate", member)))
    return found


def deed(request: TenantRequest, member: Membership, form: BaseForm | None, **said: str) -> HttpResponse:
    """A page that says what a deed does, with its form; `step` is its name in the trail, short for a phone."""
    context = {
        "crumbs": crumbs(
            request, Crumb(words=member.name, url=url_of(request, "member", member)), Crumb(words=said.pop("step"))
        ),
        "form": form,
        "action": request.path,
        "back_url": url_of(request, "member", member),
        **said,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form is not None and form.errors else HTTPStatus.OK
    return page(request, "people/deed.html", context, status=status)


@require_http_methods(["GET", "POST"])
@may("member.edit")
def deactivate(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Keep a member out, and give their open deals to another one in the same deed."""
    member, at = member_or_404(pk), timezone.now()
    if not reaches(request.membership, member.role):
        raise NotAllowed(capability="member.edit")
    count = how_many_open_deals_of(member.pk)
    form = Choose(
        request.POST if request.method == "POST" else None,
        members=people.who_can_sign_in(but=member.pk, roles=SELLING) if count else [],
        label=gettext("Hand over the open deals ({n}) to").format(n=words.number(count)),
        nobody=gettext("Nobody: they stay in this name"),
    )
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            services.deactivate_member(member=member, actor=request.membership, at=at)
            if form.cleaned_data["to"] is not None:
                hand_over_deals(giver=member, to=form.cleaned_data["to"], actor=request.membership, at=at)
        if form.is_valid():
            told = gettext("{name} is deactivated").format(name=member.name)
            return done(request, url_of(request, "member", member), told)
    return deed(
        request,
        member,
        form,
        step=gettext("Deactivate"),
        title=gettext("Deactivate {name}?").format(name=member.name),
        lede=gettext("Sessions and tokens end at once, and open invitations of theirs, too. What was done stays."),
        button=gettext("Deactivate {name}").format(name=member.name),
    )


@require_POST
@may("member.edit")
def reactivate(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Let a member in again."""
    member = member_or_404(pk)
    services.reactivate_member(member=member, actor=request.membership, at=timezone.now())
    told = gettext("{name} is here again").format(name=member.name)
    return done(request, url_of(request, "member", member), told)


@require_http_methods(["GET", "POST"])
@may("member.edit")
def deals(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Give all open deals of a member to another one."""
    member = member_or_404(pk)
    members = people.who_can_sign_in(but=member.pk, roles=SELLING)
    form = Choose(request.POST if request.method == "POST" else None, members=members, label=gettext("To"))
    if request.method == "POST" and form.is_valid():
        to = form.cleaned_data["to"]
        with told_in(form):
            count = hand_over_deals(giver=member, to=to, actor=request.membership, at=timezone.now())
            told = gettext("{deals} are {name}’s now").format(deals=words.deals(count), name=to.name)
            return done(request, url_of(request, "member", member), told)
    return deed(
        request,
        member,
        form,
        step=gettext("Deals"),
        title=gettext("Hand over the open deals of {name}").format(name=member.name),
        lede=gettext("All of them at once; what is over stays with who had it."),
        button=gettext("Hand over the deals"),
    )


@require_http_methods(["GET", "POST"])
@may("member.edit")
def link(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Say that a placeholder of an import is a member who can sign in."""
    member = member_or_404(pk)
    members = people.who_can_sign_in(but=member.pk)
    form = Choose(request.POST if request.method == "POST" else None, members=members, label=gettext("Member"))
    if request.method == "POST" and form.is_valid():
        to = form.cleaned_data["to"]
        with told_in(form):
            services.link_placeholder(placeholder=member, member=to, actor=request.membership, at=timezone.now())
            told = gettext("{name} is {member} now").format(name=member.name, member=to.name)
            return done(request, url_of(request, "member", to), told)
    return deed(
        request,
        member,
        form,
        step=gettext("Who"),
        title=gettext("Who is {name}?").format(name=member.name),
        lede=gettext("Deals and activities of the import become theirs, and later imports know them. It stays so."),
        button=gettext("They are the same person"),
    )


@require_http_methods(["GET", "POST"])
@may("member.edit")
def invite_as(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Invite somebody who becomes the placeholder: its deals keep their owner."""
    member = member_or_404(pk)
    form = InviteAs(
        request.POST if request.method == "POST" else None,
        member=member,
        roles=invitable(request.membership),
        teams=teams_to_offer(request.membership),
    )
    if request.method == "POST" and form.is_valid():
        with told_in(form):
            given = form.cleaned_data | {"name": member.name, "placeholder": member}
            sent = services.invite(actor=request.membership, at=timezone.now(), **given)
            told = gettext("{email} is invited").format(email=sent.email)
            return done(request, reverse("people", args=[request.tenant.slug]), told)
    return deed(
        request,
        member,
        form,
        step=gettext("Invite"),
        title=gettext("Invite {name}").format(name=member.name),
        lede=gettext("Who takes the invitation becomes this member, with the deals that the import gave them."),
        button=gettext("Send the invitation"),
    )


@require_http_methods(["GET", "POST"])
@may("organisation.secure")
def ownership(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Make a member an owner, and step down to leader."""
    member = member_or_404(pk)
    if request.method == "POST":
        services.hand_over_ownership(to=member, actor=request.membership, at=timezone.now())
        told = gettext("{name} owns the organisation now").format(name=member.name)
        return done(request, url_of(request, "member", member), told)
    return deed(
        request,
        member,
        None,
        step=gettext("Ownership"),
        title=gettext("Hand over the ownership to {name}?").format(name=member.name),
        lede=gettext("They become an owner, and you a leader. Only an owner can give it back."),
        button=gettext("Hand over the ownership"),
    )
