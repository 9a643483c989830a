"""The forms that change the plan which seller and customer share on a deal."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from frontend.access import may
from frontend.forms.confirmations import SharePlanForm
from frontend.forms.plans import StepForm
from frontend.http import TenantRequest, deal_or_404, done, told_in
from frontend.parts import Action
from frontend.views.confirmations import link_page
from frontend.views.deal_deeds import shown
from outcomes.languages import guessed
from outcomes.models import Confirmation, MutualStep, StepProposal
from outcomes.queries import plans as queries
from outcomes.queries.confirmations import askable
from outcomes.services import ask, mutual_steps, step_proposals
from outcomes.services.mutual_steps import NoPlanYet


def step_or_404(key: UUID) -> MutualStep:
    related = ("deal__company", "our_owner", "their_owner", "type")
    found = MutualStep.objects.select_related(*related).filter(pk=key).first()
    if found is None:
        raise Http404(key)
    return found


def plan_url(request: TenantRequest, deal_key: UUID) -> str:
    return f"{reverse('deal', args=[request.tenant.slug, deal_key])}#mutual-plan-h"


@require_http_methods(["GET", "POST"])
@may("deal.move")
def new(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Add a step to a deal's mutual plan."""
    deal = deal_or_404(pk)
    form = StepForm(request.POST or None, deal=deal, step=None, member=request.membership)
    if form.is_bound and form.is_valid():
        with told_in(form):
            step = mutual_steps.add_step(deal=deal, actor=request.membership, at=timezone.now(), **form.cleaned_data)
            return done(request, plan_url(request, pk), gettext("“{step}” is in the plan").format(step=step.name))
    return shown(
        request,
        form,
        title=gettext("Add a step"),
        lede=gettext("To the mutual plan of {deal}").format(deal=deal.name),
        button=gettext("Add the step"),
        back=plan_url(request, pk),
    )


@require_http_methods(["GET", "POST"])
@may("deal.move")
def edit(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Change a step, or take it out of the plan."""
    step = step_or_404(pk)
    form = StepForm(request.POST or None, deal=step.deal, step=step, member=request.membership)
    back = plan_url(request, step.deal_id)
    if form.is_bound and form.is_valid():
        given = dict(form.cleaned_data)
        given = {name: value for name, value in given.items() if name != "position" or value is not None}
        with told_in(form):
            mutual_steps.change_step(step=step, actor=request.membership, at=timezone.now(), **given)
            return done(request, back, gettext("“{step}” is changed").format(step=given["name"]))
    return shown(
        request,
        form,
        title=gettext("Change the step"),
        button=gettext("Save the changes"),
        back=back,
        away=(gettext("Take it out of the plan"), reverse("step-remove", args=[request.tenant.slug, pk])),
    )


@require_POST
@may("deal.move")
def finish(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Say that a step was done today; the toast takes it back."""
    step, now = step_or_404(pk), timezone.now()
    open_again = "undo" in request.POST or "undo" in request.GET
    on = None if open_again else request.tenant.day_of(now)
    mutual_steps.change_step(step=step, actor=request.membership, at=now, done_on=on)
    told, undo_url = gettext("“{step}” is to be done again"), ""
    if not open_again:
        told, undo_url = gettext("“{step}” is done"), f"{request.path}?undo=1"
    return done(request, plan_url(request, step.deal_id), told.format(step=step.name), undo_url=undo_url)


@require_POST
@may("deal.move")
def remove(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Take a step out of the plan."""
    step = step_or_404(pk)
    mutual_steps.remove_step(step=step, actor=request.membership, at=timezone.now())
    return done(request, plan_url(request, step.deal_id), gettext("“{step}” is out of the plan").format(step=step.name))


@require_http_methods(["GET", "POST"])
@may("confirmation.ask")
def share(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Show the plan to somebody at the customer by a link: in a letter, or to be copied."""
    deal = deal_or_404(pk)
    back = plan_url(request, pk)
    language = guessed(deal.company.country if deal.company else "")
    form = SharePlanForm(request.POST or None, people=askable(deal), language=language)
    if form.is_bound and form.is_valid():
        with told_in(form):
            if not queries.steps_of(pk):
                raise NoPlanYet
            given = form.cleaned_data
            made = ask(
                actor=request.membership, deal=deal, at=timezone.now(), purpose=Confirmation.Purpose.PLAN, **given
            )
            if made.confirmation.channel == Confirmation.Channel.MAIL or not made.secret:
                told = gettext("{name} is shown the plan").format(name=made.confirmation.to_name)
                return done(request, back, told)
            return link_page(request, made, Action(words=gettext("Back to the plan"), url=back))
    return shown(
        request,
        form,
        title=gettext("Show the plan to the customer"),
        lede=gettext("They see the steps and propose changes. Nothing changes by itself."),
        button=gettext("Show them the plan"),
        back=back,
    )


def proposal_or_404(key: UUID) -> StepProposal:
    found = StepProposal.objects.select_related("deal", "step", "confirmation__contact").filter(pk=key).first()
    if found is None:
        raise Http404(key)
    return found


@require_POST
@may("deal.move")
def accept(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Make what a customer proposed so in the plan."""
    proposal = proposal_or_404(pk)
    step = step_proposals.accept_proposal(proposal=proposal, actor=request.membership, at=timezone.now())
    return done(request, plan_url(request, proposal.deal_id), gettext("Accepted: “{step}”").format(step=step.name))


@require_POST
@may("deal.move")
def decline(request: TenantRequest, pk: UUID) -> HttpResponse:
    """Leave the plan as it is."""
    proposal = proposal_or_404(pk)
    step_proposals.decline_proposal(proposal=proposal, actor=request.membership, at=timezone.now())
    return done(request, plan_url(request, proposal.deal_id), gettext("Declined. The plan is as it was"))
