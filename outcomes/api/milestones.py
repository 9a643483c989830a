"""Milestones, what is written down about them, and the types that are watched for."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api import fields, filters, ids
from accounts.api.filters import Filter
from accounts.api.idempotency import idempotent
from accounts.api.permissions import require_for
from accounts.api.problems import InvalidParameter, NotThere
from accounts.api.resource import Resource, TokenRequest, created
from accounts.api.tags import Match
from accounts.refusals import Invalid
from outcomes import listings, past
from outcomes.api import inputs, shapes
from outcomes.models import Milestone, MilestoneEvent, MilestoneType
from outcomes.services import milestones
from outcomes.services.milestones import types
from strategy.api.pipelines import ACCESS, ARCHIVED, Described
from strategy.models import Deal
from strategy.queries import with_merged

Kind = MilestoneEvent.Kind
AS_OF = Filter("as_of", fields.Day(), "As it was at the end of this day of the organisation.")
KNOWN_AT = Filter("known_at", fields.Moment(), "With `as_of`: by what was written down at this moment or before.")
NOT_PAST = ("state", "grade")
#: What each kind of entry says beside its kind.
SAYS: dict[str, frozenset[str]] = {
    Kind.CLAIMED: frozenset({"on", "words", "agreed_by", "contact", "activities"}),
    Kind.EVIDENCED: frozenset(
        {"on", "words", "agreed_by", "contact", "evidence", "activities", "note", "source", "external_id"}
    ),
    Kind.CHECKED: frozenset({"on", "note"}),
    Kind.CONTRADICTED: frozenset({"on", "words", "agreed_by", "contact", "note"}),
    Kind.LAPSED: frozenset({"on", "note"}),
    Kind.CORRECTED: frozenset({"note"}),
}


class Milestones(Resource):
    """What customers agreed to."""

    kind = ids.MILESTONE
    in_sight = True
    access = {
        **dict.fromkeys(("list", "retrieve", "events"), "milestone.see"),
        **dict.fromkeys(("create", "add_event"), "milestone.record"),
    }
    takes = {"create": inputs.RecordMilestone, "add_event": inputs.AddEvent}
    names = {
        "list": "list_milestones",
        "retrieve": "get_milestone",
        "create": "create_milestone",
        "events": "list_milestone_events",
        "add_event": "create_milestone_event",
    }
    gives = {**dict.fromkeys(names, shapes.Milestone), "events": shapes.MilestoneEvent}
    lists = frozenset({"list", "events"})
    filters = {
        "list": [
            filters.of("deal", ids.DEAL, lambda: Deal.objects.all(), "Only milestones of this deal."),
            filters.of("type", ids.MILESTONE_TYPE, lambda: MilestoneType.objects.all(), "Only this milestone."),
            Filter("state", fields.OneOf(Milestone.State.values), "Only milestones in this state."),
            Filter("grade", filters.Digit(most=4), "Only milestones that are known at this grade."),
            AS_OF,
            KNOWN_AT,
        ],
        "retrieve": [AS_OF, KNOWN_AT],
    }

    def list(self, request: TokenRequest) -> Response:
        """List the milestones of deals, the newest first.

        Those of a deal that was merged into another one are left out, unless it is asked for: they are that one's. With
        `as_of` each is answered as it was at the end of that day, by what had taken effect until then, the last begun
        first; with `known_at` only by what was written down by then. Neither `state` nor `grade` can be asked with it.
        """
        fixed = {} if "deal" in self.wanted else {"standing": True}
        if not self._is_past(request):
            return self.page(listings.MILESTONES, shapes.milestone, **fixed)
        return self.paged(self._past(fixed), shapes.milestone, past.by_first_day)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one milestone of a deal.

        With `as_of` as it was at the end of that day, as in the list.
        """
        row = self.shown(listings.MILESTONES, id)
        if request.method != "GET" or not self._is_past(request):
            return Response(shapes.milestone(row))
        there = past.replayed([row], self.wanted["as_of"], self.wanted.get("known_at"))
        if not there:
            raise NotThere
        return Response(shapes.milestone(there[0]))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Record that the customer did something.

        Adds an entry to the ledger and answers with the milestone as it stands now. It is in the statistics seconds
        later. With `source` and `external_id` it stands in that system of record (grade 4), which only keys of owners
        and leaders with the scope `milestones:attest` may say: the same id again changes nothing, and 409
        `external_id_taken` says that it tells of another milestone.
        """
        wanted = self.read(request)
        _refuse_attesting(request, wanted)
        recorded = _record(actor=request.user, at=timezone.now(), **wanted)
        answer = shapes.milestone(listings.MILESTONES.one(recorded.pk))
        return created(answer, f"/api/v1/milestones/{answer['id']}")

    @action(detail=True, methods=["get"])
    def events(self, request: TokenRequest, id: str) -> Response:
        """List what was written down about a milestone, the oldest first."""
        row = self._milestone(id)
        deals = list(with_merged([row.deal_id]))
        return self.page(listings.MILESTONE_EVENTS, shapes.milestone_event, deals=deals, type=row.type_id)

    @events.mapping.post
    @idempotent
    def add_event(self, request: TokenRequest, id: str) -> Response:
        """Write down one more thing about a milestone.

        `evidenced` adds evidence (grade 1; with the id in a system of record 4, for keys with `milestones:attest`),
        `checked` is a second member's word (grade 2, while they add none of their own), `contradicted` the customer's
        that it is not so, `lapsed` says that it no longer holds, `corrected` that it never did. Nothing is rewritten:
        the answer is the milestone as it follows from all entries. 409 `own_milestone` for a check of one's own,
        `milestone_not_reached` where it does not hold now.
        """
        row, wanted = self._milestone(id), self.read(request)
        kind = wanted.pop("kind")
        if kind == Kind.CHECKED:
            require_for(request, "milestone.check")
        _refuse_attesting(request, wanted)
        wanted = {name: value for name, value in wanted.items() if value not in (None, "", [])}
        if alien := wanted.keys() - SAYS[kind]:
            raise Invalid(fields=dict.fromkeys(sorted(alien), _("This does not belong to an entry of this kind.")))
        _write(row, kind, actor=request.user, at=timezone.now(), **wanted)
        return Response(shapes.milestone(listings.MILESTONES.one(row.pk)))

    def _milestone(self, text: str) -> Milestone:
        found = Milestone.objects.select_related("deal", "type").filter(pk=self.key(text)).first()
        if found is None:
            raise NotThere
        return found

    def _is_past(self, request: TokenRequest) -> bool:
        """Whether a past day is asked for. Raises InvalidParameter for what cannot be asked of one, or only of one."""
        wanted = getattr(self, "wanted", {})
        if "as_of" not in wanted:
            if "known_at" in wanted:
                raise InvalidParameter(fields={"known_at": _("Ask it together with as_of.")})
            return False
        wrong = {name: _("This cannot be asked of a past day.") for name in NOT_PAST if name in wanted}
        if wanted["as_of"] > request.user.tenant.day_of(timezone.now()):
            wrong["as_of"] = _("Give a day that is not to come.")
        if wrong:
            raise InvalidParameter(fields=wrong)
        return True

    def _past(self, fixed: dict[str, Any]) -> Any:
        def question(*, as_of: Any, limit: int, **wanted: Any) -> Any:
            return past.page(as_of, limit=limit, **fixed, **wanted)

        return question


def _refuse_attesting(request: TokenRequest, wanted: dict[str, Any]) -> None:
    """Raises NotAllowed or InsufficientScope where a key that must not speaks for a system of record."""
    if wanted.get("source") or wanted.get("external_id"):
        require_for(request, "milestone.attest")


def _record(**wanted: Any) -> Milestone:
    """A record, from a system of record where one is named."""
    named = {name: wanted.pop(name, "") for name in ("source", "external_id")}
    if any(named.values()):
        return milestones.confirm_from_system(**named, **wanted)
    return milestones.record_milestone(**wanted)


def _write(row: Milestone, kind: str, **wanted: Any) -> Milestone:
    """One entry about a milestone, by the deed of its kind."""
    if kind == Kind.CLAIMED:
        return milestones.record_milestone(deal=row.deal, type=row.type, **wanted)
    if kind == Kind.EVIDENCED and (wanted.get("source") or wanted.get("external_id")):
        return _record(deal=row.deal, type=row.type, **wanted)
    if kind == Kind.EVIDENCED:
        return milestones.add_evidence(milestone=row, **wanted)
    if kind == Kind.CONTRADICTED:
        return milestones.contradict_milestone(milestone=row, **wanted)
    wanted.setdefault("note", "")
    if kind == Kind.CHECKED:
        return milestones.check_milestone(milestone=row, **wanted)
    if kind == Kind.LAPSED:
        return milestones.lapse_milestone(milestone=row, **wanted)
    return milestones.correct_milestone(milestone=row, **wanted)


class MilestoneTypes(Described):
    """The milestones that are watched for."""

    kind = ids.MILESTONE_TYPE
    access = {**ACCESS, "list": "milestone.see", "retrieve": "milestone.see"}
    names = {
        "list": "list_milestone_types",
        "retrieve": "get_milestone_type",
        "create": "create_milestone_type",
        "partial_update": "change_milestone_type",
    }
    takes = {"create": inputs.AddMilestoneType, "partial_update": inputs.ChangeMilestoneType}
    gives = dict.fromkeys(names, shapes.MilestoneType)
    guarded = {"partial_update": Match.NEEDED}
    filters = {"list": [ARCHIVED]}
    table = MilestoneType
    listing, show, place = listings.MILESTONE_TYPES, shapes.milestone_type, "milestone_types"

    def list(self, request: TokenRequest) -> Response:
        """List the milestones that are watched for. Their `position` is their order; `required_by` are stages."""
        return self.page(listings.MILESTONE_TYPES, shapes.milestone_type)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one milestone that is watched for."""
        return Response(shapes.milestone_type(self.shown(listings.MILESTONE_TYPES, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Watch for one more milestone.

        Eight at a time and no more (409 `too_many_milestone_types`): archive one that tells you least, and there is
        room. No two have names that read the same (409 `name_taken`).
        """
        return self.made(types.add_milestone_type(actor=request.user, at=timezone.now(), **self.read(request)))

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Change, place or archive a milestone that is watched for.

        What was recorded goes on saying so. One that stages ask for is archived only when they no longer do (409
        `milestone_type_required`).
        """
        row = self.row(id)
        types.change_milestone_type(type=row, actor=request.user, at=timezone.now(), **self.read(request))
        return self.answer(row)
