"""Plans: steps shared with customers, what members plan and are asked to do, and talks about later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

from django.db.models import Model
from django.utils import timezone
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api import fields, filters, ids
from accounts.api.filters import Filter
from accounts.api.idempotency import idempotent
from accounts.api.problems import NotThere
from accounts.api.resource import Resource, TokenRequest, created
from accounts.api.tags import Match
from accounts.models import Membership, Team
from accounts.reading import Listing
from outcomes import plan_listings as listings
from outcomes.api import plan_inputs as inputs
from outcomes.api import plan_shapes as shapes
from outcomes.models import ActivityTarget, Conversation, MutualStep, PlannedActivity
from outcomes.plan_listings import ConversationRow
from outcomes.queries import plans as queries
from outcomes.services import conversations, mutual_steps, planned_activities, targets
from strategy.models import Company, Deal


class Planned(Resource):
    """What the resources of plans have in common: they are read from a list, and changed where nobody else has."""

    listing: ClassVar[Listing[Any]]
    show: ClassVar[Callable[[Any], Any]]
    place: ClassVar[str]
    related: ClassVar[Sequence[str]]

    def row(self, text: str) -> Any:
        """The row of an address. Raises NotThere."""
        table: type[Model] = self.table  # type: ignore[assignment]
        found = table._default_manager.select_related(*self.related).filter(pk=self.key(text)).first()
        if found is None:
            raise NotThere
        return found

    def answer(self, row: Model) -> Response:
        return Response(type(self).show(self.listing.one(row.pk)))

    def made(self, row: Model) -> Response:
        answer = type(self).show(self.listing.one(row.pk))
        return created(answer, f"/api/v1/{self.place}/{answer['id']}")


class MutualSteps(Planned):
    """Steps of the plans that sellers and customers share on deals."""

    kind = ids.MUTUAL_STEP
    in_sight = True
    table = MutualStep
    listing, show, place, related = listings.MUTUAL_STEPS, shapes.mutual_step, "mutual_steps", ("deal",)
    access = {
        **dict.fromkeys(("list", "retrieve"), "deal.see"),
        **dict.fromkeys(("create", "partial_update", "destroy"), "deal.move"),
    }
    takes = {"create": inputs.AddStep, "partial_update": inputs.ChangeStep}
    names = {
        "list": "list_mutual_steps",
        "retrieve": "get_mutual_step",
        "create": "create_mutual_step",
        "partial_update": "change_mutual_step",
        "destroy": "remove_mutual_step",
    }
    gives = dict.fromkeys(("list", "retrieve", "create", "partial_update"), shapes.MutualStep)
    guarded = {"partial_update": Match.NEEDED, "destroy": Match.HEEDED}
    filters = {"list": [filters.of("deal", ids.DEAL, lambda: Deal.objects.all(), "Only steps on this deal.")]}

    def list(self, request: TokenRequest) -> Response:
        """List the steps, the first to be written down first. Within a deal `position` is their order."""
        return self.page(listings.MUTUAL_STEPS, shapes.mutual_step)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one step."""
        return Response(shapes.mutual_step(self.shown(listings.MUTUAL_STEPS, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Add a step to the plan of a deal.

        Answers 409 `too_many_steps` where it has 60, `was_merged` for a deal that is part of another one.
        """
        return self.made(mutual_steps.add_step(actor=request.user, at=timezone.now(), **self.read(request)))

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Change a step, put it into another place, or say that it is done."""
        row = self.row(id)
        mutual_steps.change_step(step=row, actor=request.user, at=timezone.now(), **self.read(request))
        return self.answer(row)

    def destroy(self, request: TokenRequest, id: str) -> Response:
        """Take a step out of the plan. What customers proposed for it is declined."""
        mutual_steps.remove_step(step=self.row(id), actor=request.user, at=timezone.now())
        return Response(status=204)


class Plans(Planned):
    """What members plan to do."""

    kind = ids.PLANNED_ACTIVITY
    in_sight = True
    table = PlannedActivity
    listing, show, place = listings.PLANS, shapes.planned_activity, "plans"
    related = ("type", "deal", "company", "contact", "play", "milestone")
    access = {
        **dict.fromkeys(("list", "retrieve"), "activity.see"),
        **dict.fromkeys(("create", "partial_update", "move", "drop"), "activity.log"),
    }
    takes = {
        "create": inputs.PlanActivity,
        "partial_update": inputs.ChangePlan,
        "move": inputs.MovePlan,
        "drop": inputs.DropPlan,
    }
    names = {
        "list": "list_plans",
        "retrieve": "get_plan",
        "create": "create_plan",
        "partial_update": "change_plan",
        "move": "move_plan",
        "drop": "drop_plan",
    }
    gives = dict.fromkeys(names, shapes.PlannedActivity)
    guarded = {"partial_update": Match.NEEDED, **dict.fromkeys(("move", "drop"), Match.HEEDED)}
    filters = {
        "list": [
            filters.of("member", ids.MEMBER, lambda: Membership.objects.all(), "Only what this member plans."),
            filters.of("deal", ids.DEAL, lambda: Deal.objects.all(), "Only what is planned for this deal."),
            Filter("state", fields.OneOf(PlannedActivity.State.values), "Only what is in this state."),
            Filter("first_from", fields.Day(), "Only what is planned from this day or a later one on."),
            Filter("first_until", fields.Day(), "Only what is planned from this day or an earlier one on."),
        ]
    }

    def list(self, request: TokenRequest) -> Response:
        """List what was planned, the last to be planned first."""
        return self.page(listings.PLANS, shapes.planned_activity)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one planned activity."""
        return Response(shapes.planned_activity(self.shown(listings.PLANS, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Plan an activity, for today or later.

        Logging an activity of its type on its deal does it: `state` is `done` then. It was kept where that was within
        its span; up to 14 days later it is done late.
        """
        return self.made(planned_activities.plan_activity(actor=request.user, at=timezone.now(), **self.read(request)))

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Say something else of what is planned.

        One's own plans (403 `not_your_plan`), while they are neither done, moved nor dropped (409 `plan_is_settled`).
        """
        row = self.row(id)
        planned_activities.change_plan(plan=row, actor=request.user, at=timezone.now(), **self.read(request))
        return self.answer(row)

    @action(detail=True, methods=["post"])
    @idempotent
    def move(self, request: TokenRequest, id: str) -> Response:
        """Move a plan to another day, week or month.

        It stays as `moved`, and the plan that takes its place is answered.
        """
        row, wanted = self.row(id), self.read(request)
        return self.answer(planned_activities.move_plan(plan=row, actor=request.user, at=timezone.now(), **wanted))

    @action(detail=True, methods=["post"])
    @idempotent
    def drop(self, request: TokenRequest, id: str) -> Response:
        """Say that a plan is not going to be done, and why."""
        row, wanted = self.row(id), self.read(request)
        return self.answer(planned_activities.drop_plan(plan=row, actor=request.user, at=timezone.now(), **wanted))


class Targets(Planned):
    """How many activities are wanted, for whom, and for which milestone."""

    kind = ids.TARGET
    in_sight = True
    table = ActivityTarget
    listing, show, place, related = listings.TARGETS, shapes.target, "targets", ("type", "milestone", "member", "team")
    access = {
        **dict.fromkeys(("list", "retrieve"), "activity.see"),
        **dict.fromkeys(("create", "partial_update"), "activity.log"),
    }
    takes = {"create": inputs.SetTarget, "partial_update": inputs.ChangeTarget}
    names = {
        "list": "list_targets",
        "retrieve": "get_target",
        "create": "create_target",
        "partial_update": "change_target",
    }
    gives = dict.fromkeys(names, shapes.Target)
    guarded = {"partial_update": Match.NEEDED}
    filters = {
        "list": [
            filters.of("member", ids.MEMBER, lambda: Membership.objects.all(), "Only targets of this member."),
            filters.of("team", ids.TEAM, lambda: Team.objects.all(), "Only targets of this team."),
        ]
    }

    def list(self, request: TokenRequest) -> Response:
        """List the targets, the last to be set first; also those that are over."""
        return self.page(listings.TARGETS, shapes.target)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one target."""
        return Response(shapes.target(self.shown(listings.TARGETS, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Set a target.

        For oneself, for people and teams that one manages, and for those who direct for anybody (403
        `not_yours_to_aim`).
        """
        return self.made(targets.set_target(actor=request.user, at=timezone.now(), **self.read(request)))

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Change a target, or end it with `until_on`."""
        row = self.row(id)
        targets.change_target(target=row, actor=request.user, at=timezone.now(), **self.read(request))
        return self.answer(row)


def _conversations(question: Callable[..., Sequence[ConversationRow]], **wanted: Any) -> list[queries.Talk]:
    return queries.talks(question(**wanted))


def _shown(talk: queries.Talk) -> dict[str, Any]:
    return shapes.conversation(talk.row, talk.deal)


class Conversations(Planned):
    """Talks with companies about their next two or three years."""

    kind = ids.CONVERSATION
    table = Conversation
    place, related = "conversations", ("company", "contact")
    access = {
        **dict.fromkeys(("list", "retrieve"), "company.see"),
        **dict.fromkeys(("create", "partial_update"), "company.edit"),
    }
    takes = {"create": inputs.KeepQuestion, "partial_update": inputs.ChangeConversation}
    names = {
        "list": "list_conversations",
        "retrieve": "get_conversation",
        "create": "create_conversation",
        "partial_update": "change_conversation",
    }
    gives = dict.fromkeys(names, shapes.Conversation)
    guarded = {"partial_update": Match.NEEDED}
    filters = {
        "list": [
            filters.of("company", ids.COMPANY, lambda: Company.objects.all(), "Only talks with this company."),
            filters.of("member", ids.MEMBER, lambda: Membership.objects.all(), "Only questions that this member kept."),
            Filter("theme", fields.Text(longest=60), "Only talks with this theme, in any case."),
        ]
    }

    def list(self, request: TokenRequest) -> Response:
        """List the conversations, the last to be kept first."""
        if "theme" in self.wanted:
            self.wanted["theme"] = self.wanted["theme"].casefold()[:60]
        asked = partial(_conversations, listings.CONVERSATIONS.page)
        return self.paged(asked, _shown, lambda talk: talk.row.position)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one conversation."""
        return Response(self._one(self.shown(listings.CONVERSATIONS, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Keep a question to a company, or what came of one that was asked.

        `prompt` says which of the six questions about a customer's next years it is.
        """
        talk = conversations.keep_question(actor=request.user, at=timezone.now(), **self.read(request))
        answer = self._one(listings.CONVERSATIONS.one(talk.pk))
        return created(answer, f"/api/v1/conversations/{answer['id']}")

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Say that it was asked, what was heard, its themes, or the deal that it became."""
        row = self.row(id)
        conversations.change_conversation(talk=row, actor=request.user, at=timezone.now(), **self.read(request))
        return Response(self._one(listings.CONVERSATIONS.one(row.pk)))

    def _one(self, row: ConversationRow) -> dict[str, Any]:
        return _shown(queries.talks([row])[0])
