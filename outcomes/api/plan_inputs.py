"""What programs send to plan: mutual steps, planned activities, targets and conversations."""

from __future__ import annotations

from typing import Any

from accounts.api import fields, ids
from accounts.models import Membership, Team
from activities.models import ActivityType
from outcomes.models import ActivityTarget, Conversation, MilestoneType, PlannedActivity
from outcomes.services.conversations import LONGEST_HEARD, MOST_THEMES
from outcomes.services.mutual_steps import MOST_STEPS
from outcomes.services.targets import MOST
from strategy.api.customer_inputs import Words
from strategy.models import Company, Contact, Deal, PlanPart


def _deal(**options: Any) -> fields.Reference:
    return fields.Reference(ids.DEAL, lambda: Deal.objects.all(), **options)


def _contact() -> fields.Reference:
    return fields.Reference(ids.CONTACT, lambda: Contact.objects.all(), required=False, allow_null=True)


def _member() -> fields.Reference:
    return fields.Reference(
        ids.MEMBER, lambda: Membership.objects.filter(is_active=True), required=False, allow_null=True
    )


def _play() -> fields.Reference:
    plays = PlanPart.Kind.PLAY
    return fields.Reference(ids.PLAY, lambda: PlanPart.objects.filter(kind=plays), required=False, allow_null=True)


def _milestone(**options: Any) -> fields.Reference:
    return fields.Reference(ids.MILESTONE_TYPE, lambda: MilestoneType.objects.all(), **options)


class AddStep(fields.Input):
    """A dated step of the plan that is shared with the customer. Without a position it stands by its day."""

    deal = _deal()
    name = fields.Text(longest=200)
    due_on = fields.Day()
    our_owner = _member()
    their_owner = _contact()
    their_name = fields.Text(longest=120, empty=True, required=False, help_text="Who it is where no contact is known")
    type = _milestone(required=False, allow_null=True, help_text="The milestone that the step is for")
    position = fields.Whole(least=1, most=MOST_STEPS, required=False)


class ChangeStep(fields.Input):
    """What is to change of a step; what is left out stays."""

    name = fields.Text(longest=200, required=False)
    due_on = fields.Day(required=False)
    our_owner = _member()
    their_owner = _contact()
    their_name = fields.Text(longest=120, empty=True, required=False)
    type = _milestone(required=False, allow_null=True)
    position = fields.Whole(least=1, most=MOST_STEPS, required=False)
    done_on = fields.Day(required=False, allow_null=True, help_text="The day on which it was done; null: it is not")


class PlanActivity(fields.Input):
    """Something that the token's member plans to do within the day, week or month of `on`."""

    type = fields.Reference(ids.ACTIVITY_TYPE, lambda: ActivityType.objects.all())
    span = fields.OneOf(PlannedActivity.Span.values)
    on = fields.Day(help_text="A day of the span; weeks begin as the organisation says")
    deal = _deal(required=False, allow_null=True)
    company = fields.Reference(ids.COMPANY, lambda: Company.objects.all(), required=False, allow_null=True)
    contact = _contact()
    play = _play()
    milestone = _milestone(required=False, allow_null=True)
    purpose = fields.Text(longest=200, empty=True, required=False)


class ChangePlan(fields.Input):
    """What is to change of a planned activity; what is left out stays. When it is to be done changes by a move."""

    deal = _deal(required=False, allow_null=True)
    company = fields.Reference(ids.COMPANY, lambda: Company.objects.all(), required=False, allow_null=True)
    contact = _contact()
    play = _play()
    milestone = _milestone(required=False, allow_null=True)
    purpose = fields.Text(longest=200, empty=True, required=False)


class MovePlan(fields.Input):
    """The time to which it is moved; without a span it stays a day, a week or a month."""

    on = fields.Day()
    span = fields.OneOf(PlannedActivity.Span.values, required=False)
    note = fields.Text(longest=300, empty=True, required=False)


class DropPlan(fields.Input):
    """Why it is not going to be done."""

    note = fields.Text(longest=300)


class SetTarget(fields.Input):
    """A target for a member, a team, or (without either) the organisation. It always names a milestone, and why."""

    member = _member()
    team = fields.Reference(ids.TEAM, lambda: Team.objects.all(), required=False, allow_null=True)
    type = fields.Reference(ids.ACTIVITY_TYPE, lambda: ActivityType.objects.all())
    number = fields.Whole(least=1, most=MOST)
    per = fields.OneOf(ActivityTarget.Per.values)
    milestone = _milestone()
    why = fields.Text(longest=300)
    from_on = fields.Day()
    until_on = fields.Day(required=False, allow_null=True)


class ChangeTarget(fields.Input):
    """What is to change of a target; what is left out stays."""

    number = fields.Whole(least=1, most=MOST, required=False)
    per = fields.OneOf(ActivityTarget.Per.values, required=False)
    milestone = _milestone(required=False)
    why = fields.Text(longest=300, required=False)
    from_on = fields.Day(required=False)
    until_on = fields.Day(required=False, allow_null=True)


class KeepQuestion(fields.Input):
    """A question to a company about its next years, and what came of it."""

    company = fields.Reference(ids.COMPANY, lambda: Company.objects.all())
    prompt = fields.OneOf(Conversation.Prompt.values)
    question = fields.Text(longest=300)
    contact = _contact()
    horizon = fields.OneOf(Conversation.Horizon.values, required=False)
    asked_on = fields.Day(required=False, allow_null=True)
    heard = fields.Text(longest=LONGEST_HEARD, empty=True, required=False)
    themes = Words(most=MOST_THEMES, longest=60, required=False)
    deal = _deal(required=False, allow_null=True, help_text="The deal that it became")


class ChangeConversation(fields.Input):
    """What is to change of a conversation; what is left out stays."""

    prompt = fields.OneOf(Conversation.Prompt.values, required=False)
    question = fields.Text(longest=300, required=False)
    contact = _contact()
    horizon = fields.OneOf(Conversation.Horizon.values, required=False)
    asked_on = fields.Day(required=False, allow_null=True)
    heard = fields.Text(longest=LONGEST_HEARD, empty=True, required=False)
    themes = Words(most=MOST_THEMES, longest=60, required=False)
    deal = _deal(required=False, allow_null=True)
