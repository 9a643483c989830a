"""The plan that seller and customer share on a deal, in the words of its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from accounts.permissions import allows
from frontend import words
from frontend.http import TenantRequest
from frontend.parts import Action
from outcomes.models import MutualStep, StepProposal
from outcomes.queries import plans as queries
from strategy.models import Deal


@dataclass(frozen=True, kw_only=True)
class StepLine:
    """A step in words. late: said in `when`, too; the class only makes it heavier."""

    name: str
    when: str
    who: str
    milestone: str
    is_done: bool
    is_late: bool
    url: str = ""
    done_url: str = ""
    done_label: str = ""


@dataclass(frozen=True, kw_only=True)
class ProposalLine:
    """Something a customer proposes for the plan, in words."""

    what: str
    comment: str
    who: str
    accept_url: str
    decline_url: str


def part(request: TenantRequest, deal: Deal, *, today: date) -> dict[str, Any]:
    """What the part “Mutual plan” of a deal's page shows."""
    slug = request.tenant.slug
    may_edit = deal.merged_into_id is None and allows(request.membership, "deal.move")
    steps = queries.steps_of(deal.pk)
    lines = [line(one, today=today, slug=slug if may_edit else "") for one in steps]
    add = Action(words=gettext("Add a step"), url=reverse("step-new", args=[slug, deal.pk]), icon="plus", dialog=True)
    zone = request.tenant.zone
    proposals = [
        proposal(one, today=today, zone=zone, slug=slug if may_edit else "") for one in queries.proposals_on(deal.pk)
    ]
    return {
        "steps": lines,
        "steps_told": told(lines),
        "step_add": add if may_edit else None,
        "proposals": proposals,
        "share_url": reverse("plan-share", args=[slug, deal.pk])
        if steps and may_edit and deal.is_open and allows(request.membership, "confirmation.ask")
        else "",
    }


def told(lines: list[StepLine]) -> str:
    """How far the plan is, in a sentence."""
    if not lines:
        return gettext("Dated steps to the decision and to value, with somebody on both sides")
    sentence = gettext("{done} of {all} steps done").format(
        done=words.number(sum(one.is_done for one in lines)), all=words.number(len(lines))
    )
    late = sum(one.is_late for one in lines)
    if not late:
        return sentence
    more = ngettext("{n} is late", "{n} are late", late).format(n=words.number(late))
    return gettext("{done}, {late}").format(done=sentence, late=more)


def line(step: MutualStep, *, today: date, slug: str) -> StepLine:
    """A step as the page shows it; without a slug nobody can change it there."""
    theirs = step.their_owner.name if step.their_owner else step.their_name
    ours = step.our_owner.name if step.our_owner else ""
    return StepLine(
        name=step.name,
        when=when(step.due_on, step.done_on, today=today),
        who=owners(ours, theirs),
        milestone=gettext("For “{outcome}”").format(outcome=step.type.name) if step.type else "",
        is_done=step.done_on is not None,
        is_late=step.done_on is None and step.due_on < today,
        url=reverse("step-edit", args=[slug, step.pk]) if slug else "",
        done_url=reverse("step-done", args=[slug, step.pk]) if slug and step.done_on is None else "",
        done_label=gettext("“{step}” is done").format(step=step.name),
    )


def proposal(one: StepProposal, *, today: date, zone: ZoneInfo, slug: str) -> ProposalLine:
    """What the holder of a link proposes, in words."""
    return ProposalLine(
        what=proposed(one, today=today),
        comment=words.quoted(one.comment),
        who=gettext("The holder of the link for {name}, {day}").format(
            name=one.confirmation.to_name, day=words.ago(words.today_in(zone, one.proposed_at), today=today)
        ),
        accept_url=reverse("proposal-accept", args=[slug, one.pk]) if slug else "",
        decline_url=reverse("proposal-decline", args=[slug, one.pk]) if slug else "",
    )


def proposed(one: StepProposal, *, today: date) -> str:
    day = words.day(one.due_on, today=today) if one.due_on else ""
    if one.is_new:
        return gettext("A new step: “{name}”, by {day}").format(name=one.name, day=day)
    step = one.step.name if one.step else one.name
    if one.name and day:
        return gettext("“{step}” should be “{name}”, by {day}").format(step=step, name=one.name, day=day)
    if one.name:
        return gettext("“{step}” should be “{name}”").format(step=step, name=one.name)
    if day:
        return gettext("“{step}” should be done by {day}").format(step=step, day=day)
    return gettext("About “{step}”").format(step=step)


def owners(ours: str, theirs: str) -> str:
    """Who sees to it on both sides."""
    if ours and theirs:
        return gettext("{ours} with {theirs}").format(ours=ours, theirs=theirs)
    return ours or theirs or gettext("Nobody sees to it yet")


def when(due_on: date, done_on: date | None, *, today: date) -> str:
    """When it is due or was done; what is late says so in words."""
    if done_on is not None:
        return gettext("Done {day}").format(day=words.ago(done_on, today=today))
    due, late = words.day(due_on, today=today), (today - due_on).days
    if late > 0:
        return ngettext("Late by {n} day, was due {day}", "Late by {n} days, was due {day}", late).format(
            n=words.number(late), day=due
        )
    return gettext("Due today") if late == 0 else gettext("By {day}").format(day=due)
