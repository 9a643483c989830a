"""Activities, and what they left behind."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from rest_framework.response import Response

from accounts.api import fields, filters, ids, upserts
from accounts.api.filters import Filter
from accounts.api.idempotency import idempotent
from accounts.api.problems import NotThere
from accounts.api.resource import Resource, TokenRequest, created
from accounts.api.tags import Match
from accounts.models import Membership
from activities import listings, queries, services
from activities.api import inputs, shapes
from activities.models import Activity, ActivityType, Output, OutputType
from strategy.models import Company, Contact, Deal, PlanPart


class Activities(Resource):
    """What sellers did."""

    kind = ids.ACTIVITY
    table = Activity
    in_sight = True
    access = {
        **dict.fromkeys(("list", "retrieve"), "activity.see"),
        **dict.fromkeys(("create", "partial_update", "destroy", "put_by_external_id", "upsert"), "activity.log"),
    }
    takes = {
        "create": inputs.LogActivity,
        "partial_update": inputs.ChangeActivity,
        "put_by_external_id": inputs.PutActivity,
        "upsert": inputs.UpsertActivities,
    }
    names = {
        "list": "list_activities",
        "retrieve": "get_activity",
        "create": "create_activity",
        "partial_update": "change_activity",
        "destroy": "take_back_activity",
        "put_by_external_id": "put_activity",
        "upsert": "upsert_activities",
    }
    gives: ClassVar[Any] = {
        **dict.fromkeys(("list", "retrieve", "create", "partial_update", "put_by_external_id"), shapes.Activity),
        "upsert": upserts.Upserted,
    }
    guarded = {"partial_update": Match.NEEDED, "destroy": Match.HEEDED}
    filters = {
        "list": [
            filters.of("deal", ids.DEAL, lambda: Deal.objects.all(), "Only activities on this deal."),
            filters.of("company", ids.COMPANY, lambda: Company.objects.all(), "Only activities with this company."),
            filters.of("contact", ids.CONTACT, lambda: Contact.objects.all(), "Only what was done with this contact."),
            filters.of("member", ids.MEMBER, lambda: Membership.objects.all(), "Only what this member did."),
            filters.of("type", ids.ACTIVITY_TYPE, lambda: ActivityType.objects.all(), "Only activities of this type."),
            Filter("counts_as", fields.OneOf(ActivityType.CountsAs.values), "Only contact, or only preparation."),
            filters.of(
                "play",
                ids.PLAY,
                lambda: PlanPart.objects.filter(kind=PlanPart.Kind.PLAY),
                "Only what served this play.",
            ),
            Filter("aligned", filters.Flag(), "true: only what served a play. false: only what served none."),
            Filter("since", fields.Moment(), "Only what happened at this moment or later."),
            Filter("until", fields.Moment(), "Only what happened before this moment."),
            Filter("source", fields.Text(longest=40), "The system that `external_id` belongs to."),
            Filter("external_id", fields.Text(longest=200), "The id in that system."),
        ]
    }

    def list(self, request: TokenRequest) -> Response:
        """List the activities, the latest first."""
        return self.paged(queries.activities_page, shapes.activity)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one activity."""
        return Response(shapes.activity(self.shown(listings.ACTIVITIES, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Log an activity, with the outputs it left behind.

        Without `play` it serves that of its deal, or the only one for its deal's segment that names its type. A deal
        that was merged takes none any more (409 `was_merged`): name the one that it is part of.
        """
        wanted = _done(self.read(request))
        logged = services.log_activity(actor=request.user, recorded_at=timezone.now(), **wanted)
        is_alone = not wanted.get("outputs") and not wanted.get("contacts")
        answer = shapes.activity(queries.as_listed(logged) if is_alone else listings.ACTIVITIES.one(logged.pk))
        return created(answer, f"/api/v1/activities/{answer['id']}")

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Correct an activity.

        What is left out stays. Another deal brings its company and its play along, unless they are named. One's own,
        or that of somebody whom the token's member leads (403 `not_your_activity`); what was done for a deal on a day
        whose figures are closed stays (422 `period_closed`).
        """
        activity, wanted = self._activity(id), _done(self.read(request))
        services.change_activity(activity=activity, actor=request.user, recorded_at=timezone.now(), **wanted)
        return Response(shapes.activity(listings.ACTIVITIES.one(activity.pk)))

    def destroy(self, request: TokenRequest, id: str) -> Response:
        """Take an activity back, with its outputs.

        The audit keeps what it held. Who may, and when, is as with corrections.
        """
        services.take_back_activity(activity=self._activity(id), actor=request.user, at=timezone.now())
        return Response(status=204)

    def put_by_external_id(self, request: TokenRequest, source: str, external_id: str) -> Response:
        """Make or change the activity with this id in another system.

        What is left out stays as it is; a new one needs `type` and `at`.
        """
        line = upserts.line_of(_done(self.read(request)), source, external_id)
        services.upsert_activities(lines=[line], actor=request.user, at=timezone.now())
        return upserts.answer_one(line, lambda key: shapes.activity(listings.ACTIVITIES.one(key)), "activities")

    @idempotent
    def upsert(self, request: TokenRequest) -> Response:
        """Make or change up to 500 activities by their ids in other systems.

        Each is judged by itself: `results` says in the order of `items` what became of it, and one that is refused
        does not stop the others. Answers 200 also then.
        """
        lines = upserts.lines_of(self.read(request)["items"], inputs.UpsertActivity)
        for line in lines:
            line.given = _done(line.given)
        services.upsert_activities(lines=lines, actor=request.user, at=timezone.now())
        return upserts.answer(lines, ids.ACTIVITY)

    def _activity(self, text: str) -> Activity:
        found = Activity.objects.filter(pk=self.key(text)).first()
        if found is None:
            raise NotThere
        return found


def _done(wanted: dict[str, Any]) -> dict[str, Any]:
    """What the deeds take, of what programs send."""
    if "outputs" in wanted:
        wanted["outputs"] = [services.Gave(**given) for given in wanted["outputs"]]
    return wanted


class Outputs(Resource):
    """Tangible things that activities left behind."""

    kind = ids.OUTPUT
    table = Output
    in_sight = True
    access = {
        **dict.fromkeys(("list", "retrieve"), "activity.see"),
        **dict.fromkeys(("create", "partial_update", "destroy"), "activity.log"),
    }
    takes = {"create": inputs.AddOutput, "partial_update": inputs.ChangeOutput}
    names = {
        "list": "list_outputs",
        "retrieve": "get_output",
        "create": "create_output",
        "partial_update": "change_output",
        "destroy": "remove_output",
    }
    gives: ClassVar[Any] = dict.fromkeys(("list", "retrieve", "create", "partial_update"), shapes.OutputWhole)
    guarded = {"partial_update": Match.NEEDED, "destroy": Match.HEEDED}
    filters = {
        "list": [
            filters.of("type", ids.OUTPUT_TYPE, lambda: OutputType.objects.all(), "Only outputs of this type."),
            filters.of("deal", ids.DEAL, lambda: Deal.objects.all(), "Only what was left behind on this deal."),
            filters.of("activity", ids.ACTIVITY, lambda: Activity.objects.all(), "Only what this activity gave."),
        ]
    }

    def list(self, request: TokenRequest) -> Response:
        """List the outputs, the last added first."""
        return self.page(listings.OUTPUTS, shapes.output)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one output."""
        return Response(shapes.output(self.shown(listings.OUTPUTS, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Add an output to an activity.

        Who may, and when, is as with corrections of the activity.
        """
        made = services.add_output(actor=request.user, at=timezone.now(), **self.read(request))
        answer = self._shown(made.pk)
        return created(answer, f"/api/v1/outputs/{answer['id']}")

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Correct an output.

        What is left out stays.
        """
        output, wanted = self._output(id), self.read(request)
        services.change_output(output=output, actor=request.user, at=timezone.now(), **wanted)
        return Response(self._shown(output.pk))

    def destroy(self, request: TokenRequest, id: str) -> Response:
        """Remove an output from its activity."""
        services.remove_output(output=self._output(id), actor=request.user, at=timezone.now())
        return Response(status=204)

    def _output(self, text: str) -> Output:
        found = Output.objects.select_related("type", "activity").filter(pk=self.key(text)).first()
        if found is None:
            raise NotThere
        return found

    def _shown(self, key: UUID) -> dict[str, Any]:
        return shapes.output(listings.OUTPUTS.one(key))
