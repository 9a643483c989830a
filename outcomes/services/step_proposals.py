"""Deeds on what customers propose for the mutual plan: proposed by the holder of a link, settled by the seller."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import Membership
from accounts.permissions import require
from accounts.refusals import Invalid, Refused
from accounts.visibility import of_everybody
from outcomes.models import Confirmation, ConfirmationAnswer, MutualStep, StepProposal
from outcomes.queries.plans import deal_of
from outcomes.services.answers import answer
from outcomes.services.mutual_steps import add_step, change_step
from outcomes.services.plan_facts import held, said, sensible
from strategy.models import Deal

State = StepProposal.State
#: What one link may propose until somebody has settled some of it.
MOST_OPEN = 30
LONGEST_COMMENT = 1_000


class ProposalIsSettled(Refused):
    """The proposal was accepted or declined already."""

    code = "proposal_is_settled"
    sentence = gettext_lazy("This was {state} already.")


class StepIsGone(Refused):
    """The step that the proposal is about is not in the plan any more."""

    code = "step_is_gone"
    sentence = gettext_lazy("This step is not in the plan any more. Decline the proposal, or add the step anew.")


class TooManyProposals(Refused):
    """So many proposals wait that no other one is taken."""

    code = "too_many_proposals"
    sentence = gettext_lazy("We have as many proposals as we can answer. We come back to you first.")


class Proposed(NamedTuple):
    """What somebody at the customer would have otherwise: of a step, or without one a step that is missing."""

    step: MutualStep | None
    name: str = ""
    due_on: date | None = None
    comment: str = ""

    @property
    def says_something(self) -> bool:
        """Whether it differs from the plan as it is."""
        if self.step is None:
            return bool(self.name or self.due_on or self.comment)
        differs = self.name not in ("", self.step.name) or self.due_on not in (None, self.step.due_on)
        return differs or bool(self.comment.strip())


def propose_by_link(
    *, confirmation: Confirmation, proposed: Iterable[Proposed], words: str, at: datetime, entry_key: UUID
) -> None:
    """What the holder of a link proposes, kept as the answer “nearly” with `words` of the page. The same entry key
    again changes nothing. Raises LinkOver, AnsweredOften, Invalid, TooManyProposals.
    """
    with transaction.atomic(), of_everybody():
        # Two presses that arrive together wait here, so that the second one finds what the first one said.
        held(Confirmation, confirmation)
        if ConfirmationAnswer.objects.filter(confirmation=confirmation, entry_key=entry_key).exists():
            return
        said_nearly = ConfirmationAnswer.Said.NEARLY
        answer(confirmation=confirmation, said=said_nearly, words=words, at=at, entry_key=entry_key)
        propose(confirmation=confirmation, proposed=proposed, at=at)


def propose(*, confirmation: Confirmation, proposed: Iterable[Proposed], at: datetime) -> list[StepProposal]:
    """Keep what the holder of a link proposes; what says nothing new is left out. Nothing in the plan changes.

    The link itself was judged before: that it is one for this plan, open and not revoked. Raises Invalid,
    TooManyProposals.
    """
    deal = deal_of(confirmation)
    made = [_judged(one, confirmation, deal, at) for one in proposed if one.says_something]
    with transaction.atomic():
        waiting = StepProposal.objects.filter(confirmation=confirmation, state=State.OPEN).count()
        if waiting + len(made) > MOST_OPEN:
            raise TooManyProposals
        StepProposal.objects.bulk_create(made)
        if made:
            audit.record(
                verb="step_proposal.made",
                subject=confirmation,
                actor=None,
                at=at,
                name=confirmation.to_name,
                number=len(made),
            )
    return made


def _judged(one: Proposed, confirmation: Confirmation, deal: Deal, at: datetime) -> StepProposal:
    """What is kept of a proposal: only what differs. Raises Invalid."""
    name = said("name", one.name, longest=200, needed=_("Say what is to happen.") if one.step is None else "")
    comment = said("comment", one.comment, longest=LONGEST_COMMENT)
    due_on = sensible("due_on", one.due_on)
    if one.step is None and due_on is None:
        raise Invalid(fields={"due_on": _("Give a day for it.")})
    if one.step is not None:
        if one.step.deal_id != deal.pk:
            raise Invalid(fields={"step": _("Choose a step of this plan.")})
        name, due_on = name if name != one.step.name else "", due_on if due_on != one.step.due_on else None
    facts: dict[str, Any] = {"name": name, "due_on": due_on, "comment": comment, "is_new": one.step is None}
    return StepProposal(deal=deal, confirmation=confirmation, step=one.step, proposed_at=at, **facts)


def accept_proposal(*, proposal: StepProposal, actor: Membership, at: datetime) -> MutualStep:
    """Make it so in the plan. Raises NotAllowed, ProposalIsSettled, StepIsGone, TooManySteps, WasMerged."""
    with transaction.atomic():
        proposal = _open(proposal, actor)
        if proposal.is_new:
            if proposal.due_on is None:
                raise Invalid(fields={"due_on": _("Give a day for it.")})
            contact = proposal.confirmation.contact
            step = add_step(
                deal=proposal.deal,
                name=proposal.name,
                due_on=proposal.due_on,
                our_owner=actor,
                their_owner=contact if contact and contact.company_id == proposal.deal.company_id else None,
                actor=actor,
                at=at,
            )
            proposal.step = step
        elif proposal.step is None:
            raise StepIsGone
        else:
            wanted = {"name": proposal.name, "due_on": proposal.due_on}
            given: dict[str, Any] = {name: value for name, value in wanted.items() if value}
            step = change_step(step=proposal.step, actor=actor, at=at, **given)
        _settle(proposal, State.ACCEPTED, actor=actor, at=at)
    return step


def decline_proposal(*, proposal: StepProposal, actor: Membership, at: datetime) -> None:
    """Leave the plan as it is. Raises NotAllowed, ProposalIsSettled."""
    with transaction.atomic():
        _settle(_open(proposal, actor), State.DECLINED, actor=actor, at=at)


def _open(proposal: StepProposal, actor: Membership) -> StepProposal:
    require(actor, "deal.move")
    found: StepProposal = held(StepProposal, proposal)
    if found.state != State.OPEN:
        raise ProposalIsSettled(state=found.get_state_display().lower())
    return found


def _settle(proposal: StepProposal, state: str, *, actor: Membership, at: datetime) -> None:
    proposal.state, proposal.settled_by, proposal.settled_at = state, actor, at
    proposal.save(update_fields=["state", "settled_by", "settled_at", "step"])
    name = proposal.name or (proposal.step.name if proposal.step else "")
    audit.record(
        verb=f"step_proposal.{state}", subject=proposal, actor=actor, at=at, name=name, deal=proposal.deal.name
    )
