"""What programs send to write down what was done, and the words in which it is said."""

from __future__ import annotations

from accounts.api import fields, ids, upserts
from accounts.models import Membership
from activities.models import Activity, ActivityType, Horizon, OutputType
from activities.services import ICONS, LONGEST_OUTPUT_NOTE, MINUTES_A_DAY, MOST_CONTACTS, MOST_OUTPUTS, OF_DEAL
from strategy.api.pipeline_inputs import archived, place
from strategy.models import Company, Contact, Deal, PlanPart

LONGEST_TYPE = 80


def activity_type(*, required: bool = True) -> fields.Reference:
    return fields.Reference(
        ids.ACTIVITY_TYPE, lambda: ActivityType.objects.all(), alone=ActivityType, required=required
    )


def output_type(*, required: bool = True) -> fields.Reference:
    return fields.Reference(ids.OUTPUT_TYPE, lambda: OutputType.objects.all(), required=required)


def moment(*, required: bool = True) -> fields.Moment:
    return fields.Moment(help_text="When it happened; not in the future", required=required)


class GiveOutput(fields.Input):
    """Something tangible that the activity left behind."""

    type = output_type()
    note = fields.Text(longest=LONGEST_OUTPUT_NOTE, empty=True, required=False)


class DoneFacts(fields.Input):
    """What can be said of an activity beside its type and when it was."""

    deal = fields.Reference(
        ids.DEAL, lambda: Deal.objects.all(), alone=Deal, only=OF_DEAL, required=False, allow_null=True
    )
    company = fields.Reference(
        ids.COMPANY, lambda: Company.objects.select_related("merged_into"), required=False, allow_null=True
    )
    contacts = fields.References(
        ids.CONTACT,
        lambda: Contact.objects.select_related("merged_into"),
        most=MOST_CONTACTS,
        required=False,
        help_text="All with whom it was done, of the company with which it was done",
    )
    member = fields.Reference(
        ids.MEMBER,
        lambda: Membership.objects.filter(is_active=True),
        required=False,
        allow_null=True,
        help_text="Who did it; without one: the token's member",
    )
    play = fields.Reference(
        ids.PLAY,
        lambda: PlanPart.objects.filter(kind=PlanPart.Kind.PLAY),
        required=False,
        allow_null=True,
        help_text="The play that it served, null for none; left out with a new one: the one that probably fits",
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
    took_seconds = fields.Whole(
        required=False,
        allow_null=True,
        help_text="How long somebody needed to write it down. More than an hour is kept as not known",
    )


class LogActivity(DoneFacts):
    """Something that was done. Without a company it is the deal's; without minutes they are the type's usual ones."""

    type = activity_type()
    at = moment()
    source = fields.Text(longest=40, empty=True, required=False, help_text="The system that external_id belongs to")  # type: ignore[assignment]
    external_id = fields.Text(longest=200, empty=True, required=False)


class PutActivity(DoneFacts):
    """What is known of an activity; what is left out stays. A new one needs `type` and `at`."""

    type = activity_type(required=False)
    at = moment(required=False)


class ChangeActivity(PutActivity):
    """What is to be corrected of an activity; what is left out stays. `contacts` and `outputs` are all of them: outputs
    that say the same keep their ids."""


class UpsertActivity(PutActivity):
    """One activity with the id that names it in another system."""

    source = upserts.source()  # type: ignore[assignment]
    external_id = upserts.external_id()


class UpsertActivities(fields.Input):
    """Up to 500 activities, each judged by itself."""

    items = upserts.Rows(UpsertActivity)


class AddOutput(GiveOutput):
    """Something tangible, and the activity that left it behind."""

    activity = fields.Reference(ids.ACTIVITY, lambda: Activity.objects.all())


class ChangeOutput(fields.Input):
    """What is to be corrected of an output; what is left out stays."""

    type = output_type(required=False)
    note = fields.Text(longest=LONGEST_OUTPUT_NOTE, empty=True, required=False)


class AddActivityType(fields.Input):
    """A new type, after the others."""

    name = fields.Text(longest=LONGEST_TYPE)
    icon = fields.OneOf(ICONS, required=False, help_text="Without one: phone")
    usual_minutes = fields.Whole(most=MINUTES_A_DAY, required=False, help_text="Without them: 30")
    counts_as = fields.OneOf(ActivityType.CountsAs.values, required=False, help_text="Without one: contact")


class ChangeActivityType(fields.Input):
    """What is to change of a type; what is left out stays, and so do the minutes of what was logged with it."""

    name = fields.Text(longest=LONGEST_TYPE, required=False)
    icon = fields.OneOf(ICONS, required=False)
    usual_minutes = fields.Whole(most=MINUTES_A_DAY, required=False)
    counts_as = fields.OneOf(ActivityType.CountsAs.values, required=False)
    position = place()
    is_archived = archived()


class AddOutputType(fields.Input):
    """A new type, after the others."""

    name = fields.Text(longest=LONGEST_TYPE)


class ChangeOutputType(fields.Input):
    """What is to change of a type; what is left out stays."""

    name = fields.Text(longest=LONGEST_TYPE, required=False)
    position = place()
    is_archived = archived()
