"""What programs send to write down what was done."""

from __future__ import annotations

from accounts.api import fields, ids
from accounts.models import Membership
from activities.models import ActivityType, Horizon, OutputType
from activities.services import LONGEST_OUTPUT_NOTE, MINUTES_A_DAY
from strategy.models import Company, Deal

MOST_OUTPUTS = 20


class GiveOutput(fields.Input):
    """Something tangible that the activity left behind."""

    type = fields.Reference(ids.OUTPUT_TYPE, lambda: OutputType.objects.all())
    note = fields.Text(longest=LONGEST_OUTPUT_NOTE, empty=True, required=False)


class LogActivity(fields.Input):
    """Something that was done. Without a company it is the deal's; without minutes they are the type's usual ones."""

    type = fields.Reference(ids.ACTIVITY_TYPE, lambda: ActivityType.objects.all())
    at = fields.Moment(help_text="When it happened; not in the future")
    deal = fields.Reference(ids.DEAL, lambda: Deal.objects.all(), required=False, allow_null=True)
    company = fields.Reference(ids.COMPANY, lambda: Company.objects.all(), required=False, allow_null=True)
    member = fields.Reference(
        ids.MEMBER,
        lambda: Membership.objects.filter(is_active=True),
        required=False,
        allow_null=True,
        help_text="Who did it; without one: the token's member",
    )
    minutes = fields.Whole(most=MINUTES_A_DAY, required=False, allow_null=True)
    outputs = GiveOutput(many=True, required=False, max_length=MOST_OUTPUTS)  # type: ignore[call-arg]
    horizon = fields.OneOf(Horizon.values, required=False, allow_null=True)
    purpose = fields.Text(longest=200, empty=True, required=False)
    note = fields.Text(longest=20_000, empty=True, required=False)
    prepared = fields.Switch(required=False, allow_null=True)
    right_person = fields.Switch(required=False, allow_null=True)
    purpose_reached = fields.Switch(required=False, allow_null=True)
    next_step = fields.Text(longest=200, empty=True, required=False)
    next_step_on = fields.Day(required=False, allow_null=True)
    source = fields.Text(longest=40, empty=True, required=False, help_text="The system that external_id belongs to")  # type: ignore[assignment]
    external_id = fields.Text(longest=200, empty=True, required=False)
