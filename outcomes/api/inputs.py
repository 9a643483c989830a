"""What programs send to write down what customers did."""

from __future__ import annotations

from typing import Any

from accounts.api import fields, ids
from outcomes.models import MilestoneEvent, MilestoneType
from outcomes.services.milestones.deeds import MOST_ACTIVITIES
from outcomes.services.milestones.types import LONGEST, LONGEST_BEFORE, LONGEST_STATEMENT, MOST_TYPES
from strategy.api.inputs import Supply
from strategy.api.pipeline_inputs import archived, place
from strategy.models import Contact, Deal


class Activities(fields.StrictField):
    """Ids of activities, each once."""

    def schema(self) -> dict[str, Any]:
        item = {"type": "string", "pattern": ids.pattern(ids.ACTIVITY)}
        return {"type": "array", "items": item, "maxItems": MOST_ACTIVITIES, "uniqueItems": True}

    def read(self, given: Any) -> list[Any]:
        if not isinstance(given, list) or len(given) > MOST_ACTIVITIES:
            raise fields.NotUsable(f"Give a list of up to {MOST_ACTIVITIES} ids.")
        keys = [fields.Id(ids.ACTIVITY).read(text) for text in given]
        if len(set(keys)) < len(keys):
            raise fields.NotUsable("Give each once.")
        return keys


class Told(fields.Input):
    """What is told of an act of the customer."""

    on = fields.Day(required=False, allow_null=True, help_text="The day the customer did it; without one: today")
    words = fields.Text(longest=20_000, empty=True, required=False, help_text="The customer's own")
    agreed_by = fields.Text(longest=120, empty=True, required=False, help_text="Who agreed, where no contact is named")
    contact = fields.Reference(
        ids.CONTACT,
        lambda: Contact.objects.select_related("merged_into"),
        required=False,
        allow_null=True,
        help_text="Who agreed: of the deal's company, or among the people of the deal",
    )
    evidence = fields.Link(longest=500, required=False)
    activities = Activities(required=False, help_text="Activities of the deal that contributed")


class RecordMilestone(Told):
    """That the customer did something. Evidence, the address of an artefact, makes a claim an evidenced one; the id in
    a system of record says that it stands there."""

    deal = fields.Reference(ids.DEAL, lambda: Deal.objects.all())
    type = fields.Reference(ids.MILESTONE_TYPE, lambda: MilestoneType.objects.all())
    source = fields.Text(longest=40, empty=True, required=False, help_text="The system that external_id belongs to")  # type: ignore[assignment]
    external_id = fields.Text(longest=200, empty=True, required=False)


class AddEvent(Told):
    """One more entry about a milestone. Which fields belong to it hangs on its kind: evidence to `evidenced`, `note` to
    all but `claimed`, words and person to `claimed`, `evidenced` and `contradicted`, the day to all but `corrected`."""

    kind = fields.OneOf([kind for kind in MilestoneEvent.Kind.values if kind != MilestoneEvent.Kind.CONFIRMED])
    note = fields.Text(longest=300, empty=True, required=False, help_text="What was looked at, or why it is so")
    source = fields.Text(longest=40, empty=True, required=False, help_text="The system of record that shows it")  # type: ignore[assignment]
    external_id = fields.Text(longest=200, empty=True, required=False)


class AddMilestoneType(fields.Input):
    """A milestone to watch for, after the others."""

    name = fields.Text(longest=LONGEST)
    statement = fields.Text(longest=LONGEST_STATEMENT, help_text="What the customer did: an act, yes or no")
    before = fields.Text(
        longest=LONGEST_BEFORE, empty=True, required=False, help_text="How deals are told of that stopped before it"
    )


class ChangeMilestoneType(fields.Input):
    """What is to change of a milestone; what is left out stays."""

    name = fields.Text(longest=LONGEST, required=False)
    statement = fields.Text(longest=LONGEST_STATEMENT, required=False)
    before = fields.Text(longest=LONGEST_BEFORE, empty=True, required=False)
    position = place()
    is_archived = archived()


class SupplyMilestone(Told):
    """That the customer did something, told with the step for which it is needed."""

    type = fields.Reference(ids.MILESTONE_TYPE, lambda: MilestoneType.objects.all())
    on = fields.Day(required=False, allow_null=True, help_text="The day the customer did it; without one: the step's")


Supply.take(
    "milestones",
    SupplyMilestone(many=True, required=False, max_length=MOST_TYPES),  # type: ignore[call-arg]
    needs="milestone.record",
)
