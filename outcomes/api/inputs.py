"""What programs send to write down what customers did."""

from __future__ import annotations

from accounts.api import fields, ids
from outcomes.models import MilestoneType
from strategy.models import Deal


class RecordMilestone(fields.Input):
    """That the customer did something. Evidence, the address of an artefact, makes a claim an evidenced one."""

    deal = fields.Reference(ids.DEAL, lambda: Deal.objects.all())
    type = fields.Reference(ids.MILESTONE_TYPE, lambda: MilestoneType.objects.all())
    on = fields.Day(required=False, allow_null=True, help_text="The day the customer did it; without one: today")
    words = fields.Text(longest=20_000, empty=True, required=False, help_text="The customer's own")
    agreed_by = fields.Text(longest=120, empty=True, required=False)
    evidence = fields.Link(longest=500, required=False)
