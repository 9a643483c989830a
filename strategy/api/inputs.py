"""What programs send to change deals."""

from __future__ import annotations

from accounts.api import fields, ids
from accounts.models import Membership
from strategy.api.pipeline_inputs import Exact
from strategy.models import Company, EndReason, Pipeline, Stage
from strategy.services.deals import LARGEST_AMOUNT


class OpenDeal(fields.Input):
    """A new deal. It begins in the first open stage unless one is named; with `qualified_on` it is qualified too."""

    name = fields.Text(longest=200)
    company = fields.Reference(ids.COMPANY, lambda: Company.objects.all(), required=False, allow_null=True)
    pipeline = fields.Reference(ids.PIPELINE, lambda: Pipeline.objects.all(), required=False, allow_null=True)
    stage = fields.Reference(
        ids.STAGE, lambda: Stage.objects.select_related("pipeline"), required=False, allow_null=True
    )
    owner = fields.Reference(
        ids.MEMBER,
        lambda: Membership.objects.filter(is_active=True),
        required=False,
        allow_null=True,
        help_text="Without one: the token's member",
    )
    amount = fields.Whole(most=LARGEST_AMOUNT, required=False, allow_null=True, help_text="Whole minor units (cents)")
    currency = fields.Currency(required=False, help_text="Without one: the organisation's")
    rate = Exact(
        required=False,
        allow_null=True,
        help_text="What one unit of it is worth in the organisation's on the day of qualification, where no rate of"
        " that day is written down",
    )
    opened_on = fields.Day(required=False, allow_null=True)
    qualified_on = fields.Day(required=False, allow_null=True)
    qualification_note = fields.Text(longest=5000, empty=True, required=False)
    expected_close_on = fields.Day(required=False, allow_null=True)
    source = fields.Text(longest=40, empty=True, required=False, help_text="The system that external_id belongs to")  # type: ignore[assignment]
    external_id = fields.Text(longest=200, empty=True, required=False)


class Transition(fields.Input):
    """Another stage for a deal. A stage that ends deals closes it; an open stage opens a deal that was over."""

    stage = fields.Reference(ids.STAGE, lambda: Stage.objects.select_related("pipeline"))
    on = fields.Day(required=False, allow_null=True, help_text="The day it happened; without one: today")
    reason = fields.Reference(
        ids.END_REASON,
        lambda: EndReason.objects.all(),
        required=False,
        allow_null=True,
        help_text="Why the deal ended, of the stage's kind",
    )
    amount = fields.Whole(most=LARGEST_AMOUNT, required=False, allow_null=True, help_text="What it closed at")


class Qualification(fields.Input):
    """That a deal is worth pursuing: the day starts every clock and never moves."""

    on = fields.Day(required=False, allow_null=True, help_text="Without one: today")
    note = fields.Text(longest=5000, empty=True, required=False, help_text="By what criteria")
