"""Deeds on activity targets: how many, for whom, and for which milestone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import Membership, Team
from accounts.permissions import DIRECTING, require
from accounts.refusals import Invalid, Refused
from accounts.teams import members_below, teams_managed_by
from activities.models import ActivityType
from outcomes.models import ActivityTarget, MilestoneType
from outcomes.services.plan_facts import an_active, held, offered, refuse_stale, said, sensible, store, write

#: More than this in a week or a month nobody does.
MOST = 1000


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
    _refuse_others(actor, member, team)
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
        _refuse_others(actor, target.member, target.team)
        refuse_stale(target, version)
        now = {name: getattr(target, name) for name in ("number", "per", "why", "from_on", "until_on")}
        if (milestone := given.get("milestone")) is not None and milestone != target.milestone:
            offered(milestone=milestone)
        changed = write(target, {**given, **_judged({**now, **given})})
        if changed:
            store(target, changed)
            _tell("target.changed", target, actor=actor, at=at, changed=changed)
    return target


def may_aim(actor: Membership, member: Membership | None, team: Team | None) -> bool:
    """Whether the actor sets targets for a member, a team, or (neither) the organisation."""
    if actor.role in DIRECTING or (member is not None and member.pk == actor.pk):
        return True
    if member is not None:
        return actor.role == "manager" and member.pk in members_below(actor)
    return team is not None and actor.role == "manager" and team.pk in teams_managed_by(actor)


def _refuse_others(actor: Membership, member: Membership | None, team: Team | None) -> None:
    if not may_aim(actor, member, team):
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
