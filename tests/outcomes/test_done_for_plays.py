"""What was done for the plays of a strategy is counted once."""

from __future__ import annotations

from accounts.models import Membership, Tenant
from activities.models import ActivityType
from activities.services import log_activity
from outcomes.models import MilestoneType
from outcomes.queries.plan import Done, done_for
from outcomes.services import record_milestone
from strategy.models import PlanPart
from strategy.services import change_deal, merge_deals
from tests.make import NOON, make_deal, make_strategy


def test_what_was_agreed_counts_once_for_deals_that_are_one_and_never_for_test_deals(
    inside_northwind: Tenant, lena: Membership
) -> None:
    strategy = make_strategy(actor=lena)
    play = PlanPart.objects.get(strategy=strategy, kind="play")
    keep, gone, trial = (make_deal(actor=lena, name=name, play=play) for name in ("Keep", "Gone", "Trial"))
    agreed, call = MilestoneType.objects.order_by("position")[0], ActivityType.objects.all()[0]
    for deal in (gone, trial):
        record_milestone(actor=lena, deal=deal, type=agreed, at=NOON, evidence="https://example.com/minutes")
        log_activity(actor=lena, deal=deal, type=call, at=NOON, recorded_at=NOON)
    change_deal(deal=trial, actor=lena, at=NOON, is_test=True)
    merge_deals(keep=keep, gone=gone, actor=lena, at=NOON)
    done = done_for(strategy, since=NOON.date(), counts_from=1)
    assert list(done.values()) == [Done(activities=1, outcomes=1)]
