"""Deeds on activity targets: how many, for whom, and for which milestone."""

from __future__ import annotations

from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import Membership, Team
from accounts.models.organisation import Role
from accounts.permissions import DIRECTING, require
from accounts.refusals import Invalid, Refused
from accounts.teams import members_below, teams_managed_by
from activities.models import ActivityType
from outcomes.models import ActivityTarget, MilestoneType
from outcomes.services.plan_facts import an_active, held, offered, refuse_stale, said, sensible, store, write

#: More than this in a week or a month nobody does.
MOST = 1000
#: Nobody has more conversations in two weeks.
MOST_AHEAD = 200


class NotYoursToAim(Refused):
    """Members set targets for themselves, managers for their people and teams, leaders and owners for everybody."""

    code = "not_yours_to_aim"
    status = 403
    sentence = gettext_lazy("Set targets for yourself, or for people and teams that you manage.")


def set_target(
    *,
    type: ActivityType,
    number: int,
    per: str,
    milestone: MilestoneType,
    why: str,
    from_on: date,
    actor: Membership,
    at: datetime,
    member: Membership | None = None,
    team: Team | None = None,
    until_on: date | None = None,
) -> ActivityTarget:
    """Set a target for a member, a team, or without either for the organisation.

    Raises NotAllowed, NotYoursToAim, Invalid.
    """
    require(actor, "activity.log")
    if member is not None and team is not None:
        raise Invalid(fields={"team": _("Choose a member or a team, not both.")})
    _refuse_others(actor, member.pk if member else None, team.pk if team else None)
    an_active("member", member)
    offered(type=type, milestone=milestone)
    facts = _judged({"number": number, "per": per, "why": why, "from_on": from_on, "until_on": until_on})
    with transaction.atomic():
        target = ActivityTarget.objects.create(
            member=member, team=team, type=type, milestone=milestone, set_by=actor, set_at=at, **facts
        )
        _tell("target.set", target, actor=actor, at=at, number=number, per=per)
    return target


def change_target(
    *, target: ActivityTarget, actor: Membership, at: datetime, version: int | None = None, **given: Any
) -> ActivityTarget:
    """Change how many, per week or month, for which milestone, why, and from when until when; what is left out stays.

    Raises NotAllowed, NotYoursToAim, Invalid, PlanChangedMeanwhile.
    """
    require(actor, "activity.log")
    with transaction.atomic():
        target = held(ActivityTarget, target)
        _refuse_others(actor, target.member_id, target.team_id)
        refuse_stale(target, version)
        now = {name: getattr(target, name) for name in ("number", "per", "why", "from_on", "until_on")}
        if (milestone := given.get("milestone")) is not None and milestone != target.milestone:
            offered(milestone=milestone)
        changed = write(target, {**given, **_judged({**now, **given})})
        if changed:
            store(target, changed)
            _tell("target.changed", target, actor=actor, at=at, changed=changed)
    return target


class Aim:
    """For whom somebody sets targets. Asked once, where it is needed."""

    def __init__(self, actor: Membership) -> None:
        self.actor = actor

    def includes(self, member: UUID | None, team: UUID | None) -> bool:
        """Whether the actor sets targets for a member, a team, or (neither) the organisation."""
        if self.actor.role in DIRECTING or (member is not None and member == self.actor.pk):
            return True
        if self.actor.role != Role.MANAGER:
            return False
        return member in self._people if member is not None else team in self._teams

    @cached_property
    def _people(self) -> frozenset[UUID]:
        return members_below(self.actor)

    @cached_property
    def _teams(self) -> frozenset[UUID]:
        return teams_managed_by(self.actor)


def _refuse_others(actor: Membership, member: UUID | None, team: UUID | None) -> None:
    if not Aim(actor).includes(member, team):
        raise NotYoursToAim


def _judged(given: dict[str, Any]) -> dict[str, Any]:
    facts = {name: given[name] for name in ("number", "per", "why", "from_on", "until_on")}
    if not 1 <= facts["number"] <= MOST:
        raise Invalid(fields={"number": _("Give a number from 1 to {most}.").format(most=MOST)})
    if facts["per"] not in ActivityTarget.Per.values:
        raise Invalid(fields={"per": _("Choose a week or a month.")})
    facts["why"] = said("why", facts["why"], longest=300, needed=_("Say why: what it does for the milestone."))
    sensible("from_on", facts["from_on"])
    sensible("until_on", facts["until_on"])
    if facts["until_on"] is not None and facts["until_on"] < facts["from_on"]:
        raise Invalid(fields={"until_on": _("Give a day on or after the first one.")})
    return facts


def _tell(verb: str, target: ActivityTarget, *, actor: Membership, at: datetime, **data: Any) -> None:
    of = target.member or target.team
    whom = of.name if of is not None else _("the organisation")
    audit.record(verb=verb, subject=target, actor=actor, at=at, type=target.type.name, whom=whom, **data)


def aim_ahead(*, number: int | None, actor: Membership, at: datetime) -> None:
    """Say how many conversations of two weeks are to look beyond the quarter; None: nothing is said any more. Everybody
    aims for themselves, and how high is nobody else's: the audit log has that it was said, and not what. Raises
    NotAllowed, Invalid."""
    require(actor, "activity.log")
    if number is not None and not 0 <= number <= MOST_AHEAD:
        raise Invalid(fields={"number": _("Give between 0 and {most}.").format(most=MOST_AHEAD)})
    with transaction.atomic():
        member: Membership = held(Membership, actor)
        if member.aims_ahead == number:
            return
        member.aims_ahead = number
        member.save(update_fields=["aims_ahead"])
        audit.record(verb="member.aimed_ahead", subject=member, actor=actor, at=at)
