"""What holds for a whole organisation is changed by those who direct it, told in its audit, and obeyed at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import AuditEvent, ImportRun, Membership, PastAddress, Tenant
from accounts.models.organisation import Role
from accounts.permissions import NotAllowed
from accounts.refusals import Invalid
from accounts.services import edit_organisation
from accounts.services.addresses import MOST_MOVES, MOVED, MOVES_WITHIN, MovedTooOften, TooManyAddresses
from accounts.services.organisations import ChangedMeanwhile, ImportUnderWay
from activities.models import Activity, ActivityType
from activities.services import log_activity
from outcomes.models import DealFact, MilestoneType, StatisticGeneration, StatisticMark
from outcomes.queries import statistics
from outcomes.services import record_milestone
from outcomes.statistics import engine
from strategy.currency import CurrencyInUse
from tests.make import NOON, make_deal, make_member

pytestmark = pytest.mark.usefixtures("inside_northwind")


def edit(actor: Membership, **wanted: Any) -> Tenant:
    return edit_organisation(actor=actor, at=wanted.pop("at", NOON), **wanted)


def told(verb: str) -> list[dict[str, Any]]:
    return [event.data for event in AuditEvent.objects.filter(verb=verb).order_by("at", "id")]


def count(tenant: Tenant, now: datetime = NOON) -> None:
    """As the worker does, inside the test's own transaction."""
    engine.refresh(tenant=Tenant.objects.get(pk=tenant.pk), now=now)


class TestWhatIsWritten:
    def test_only_what_changed_is_written_and_told(self, lena: Membership) -> None:
        edit(lena, name=" Northwind Traders ", time_zone="UTC", week_starts=7)
        kept = Tenant.objects.get(pk=lena.tenant_id)
        assert (kept.name, kept.week_starts) == ("Northwind Traders", 7)
        assert told("organisation.edited") == [
            {"changed": {"name": ["Northwind", "Northwind Traders"], "week_starts": [1, 7]}}
        ]

    def test_saying_the_same_again_tells_nothing(self, lena: Membership) -> None:
        edit(lena, name="Northwind", currency="EUR")
        assert told("organisation.edited") == []

    @pytest.mark.parametrize(
        "wrong",
        [
            {"name": " "},
            {"name": "\u200b\u2060"},
            {"name": "North\awind"},
            {"name": "\u202edniwhtroN"},
            {"name": "x" * 121},
            {"time_zone": "Europe/Atlantis"},
            {"currency": "euro"},
            {"slug": "North Wind"},
            {"slug": "settings"},
            {"slug": "-"},
            {"visibility": "none"},
        ],
        ids=str,
    )
    def test_what_cannot_be_is_refused_at_its_field_and_stores_nothing(
        self, lena: Membership, wrong: dict[str, Any]
    ) -> None:
        with pytest.raises(Invalid) as refused:
            edit(lena, **wrong)
        assert list(refused.value.fields) == list(wrong)
        assert Tenant.objects.filter(pk=lena.tenant_id, name="Northwind", slug="northwind").exists()
        assert told("organisation.edited") == told(MOVED) == []

    def test_a_day_is_not_asked_of_a_time_zone_that_is_none(self, lena: Membership) -> None:
        with pytest.raises(Invalid) as refused:
            edit(lena, time_zone="Europe/Atlantis", closed_until=NOON.date() - timedelta(days=9))
        assert list(refused.value.fields) == ["time_zone"]

    def test_two_who_edit_at_once_are_told(self, lena: Membership) -> None:
        seen = {"name": "Northwind", "week_starts": 1}
        edit(lena, name="Northwind Sales", week_starts=1, seen=seen)
        with pytest.raises(ChangedMeanwhile) as refused:
            edit(lena, name="Northwind Works", week_starts=7, seen=seen)
        assert refused.value.data["now"] == {"name": "Northwind Sales"}
        assert Tenant.objects.get(pk=lena.tenant_id).week_starts == 1
        # Who edits another field, or says the same as the other one, is not in the way.
        edit(lena, name="Northwind Sales", week_starts=7, seen=seen)
        assert Tenant.objects.get(pk=lena.tenant_id).week_starts == 7


class TestWhoMay:
    @pytest.mark.parametrize("role", [Role.MANAGER, Role.REP, Role.VIEWER])
    def test_those_who_do_not_direct_change_nothing(self, northwind: Tenant, role: Role) -> None:
        with pytest.raises(NotAllowed):
            edit(make_member("mia", tenant=northwind, role=role), name="Mine")

    def test_a_leader_changes_the_name_and_not_the_address(self, northwind: Tenant) -> None:
        leader = make_member("mia", tenant=northwind, role=Role.LEADER)
        edit(leader, name="Northwind Sales", slug="northwind")
        with pytest.raises(NotAllowed):
            edit(leader, slug="elsewhere")


class TestTimeZone:
    def test_days_that_are_written_down_stay_and_new_ones_are_of_the_new_clock(
        self, lena: Membership, northwind: Tenant
    ) -> None:
        late = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
        call = ActivityType.objects.first()
        assert call is not None
        before = log_activity(actor=lena, type=call, at=late, recorded_at=late)
        lena.tenant = edit(lena, time_zone="Asia/Tokyo")
        after = log_activity(actor=lena, type=call, at=late, recorded_at=late)
        days = dict(Activity.objects.values_list("pk", "day"))
        assert (str(days[before.pk]), str(days[after.pk])) == ("2026-11-18", "2026-11-19")

    @pytest.mark.parametrize(("zone", "as_of"), [("Asia/Tokyo", "2026-11-19"), ("Pacific/Honolulu", "2026-11-18")])
    def test_figures_are_counted_as_of_the_day_it_is_there(
        self, lena: Membership, northwind: Tenant, zone: str, as_of: str
    ) -> None:
        evening = datetime(2026, 11, 18, 20, tzinfo=UTC)
        make_deal(actor=lena)
        count(northwind, evening)
        edit(lena, time_zone=zone)
        assert statistics.current().updating
        count(northwind, evening)
        assert str(StatisticGeneration.objects.get(is_current=True).as_of) == as_of
        assert not statistics.current().updating


class TestGradeThatCounts:
    def test_facts_are_counted_anew_and_pages_say_that_they_wait(self, lena: Membership, northwind: Tenant) -> None:
        deals = [make_deal(actor=lena, name=f"Deal {number}") for number in range(4)]
        kind = MilestoneType.objects.first()
        assert kind is not None
        record_milestone(actor=lena, deal=deals[0], type=kind, at=NOON, evidence="https://mail.example/1")
        count(northwind)
        assert DealFact.objects.get(deal_id=deals[0].pk).milestones == 1
        edit(lena, counts_from_grade=3)
        assert statistics.current().updating
        count(northwind)
        assert DealFact.objects.get(deal_id=deals[0].pk).milestones == 0
        assert not StatisticMark.objects.exists()

    def test_a_name_makes_nobody_count(self, lena: Membership, northwind: Tenant) -> None:
        count(northwind)
        edit(lena, name="Northwind Sales", fiscal_year_starts=4, visibility="team", group_only=True)
        assert not StatisticMark.objects.exists()


class TestCurrency:
    def test_it_can_be_changed_until_the_first_amount(self, lena: Membership, northwind: Tenant) -> None:
        deal = make_deal(actor=lena, amount=None)
        before = deal.version
        edit(lena, currency="SEK")
        deal.refresh_from_db()
        assert (deal.currency, deal.version) == ("SEK", before + 1)

    def test_it_stays_once_a_deal_has_an_amount(self, lena: Membership, northwind: Tenant) -> None:
        make_deal(actor=lena, amount=100)
        with pytest.raises(CurrencyInUse) as refused:
            edit(lena, currency="SEK", name="Northwind Sverige")
        assert list(refused.value.fields) == ["currency"]
        kept = Tenant.objects.get(pk=northwind.pk)
        assert (kept.currency, kept.name) == ("EUR", "Northwind")

    @pytest.mark.parametrize("change", [{"currency": "SEK"}, {"slug": "elsewhere"}], ids=str)
    def test_an_import_that_runs_holds_on_to_currency_and_address(
        self, lena: Membership, change: dict[str, str]
    ) -> None:
        ImportRun.objects.create(actor=lena, state=ImportRun.State.RUNNING)
        with pytest.raises(ImportUnderWay):
            edit(lena, **change)
        edit(lena, name="Northwind Sales")


class TestAddress:
    def test_the_one_it_leaves_is_kept(self, lena: Membership, northwind: Tenant) -> None:
        edit(lena, slug="northwind-sales")
        assert PastAddress.objects.get().slug == "northwind"
        assert told(MOVED) == [{"before": "northwind", "after": "northwind-sales"}]

    def test_it_may_be_taken_back(self, lena: Membership) -> None:
        lena.tenant = edit(lena, slug="northwind-sales")
        edit(lena, slug="northwind")
        assert list(PastAddress.objects.values_list("slug", flat=True)) == ["northwind-sales"]

    def test_it_is_not_changed_all_the_time(self, lena: Membership) -> None:
        for number in range(MOST_MOVES):
            lena.tenant = edit(lena, slug=f"northwind-{number}")
        with pytest.raises(MovedTooOften):
            edit(lena, slug="northwind")
        edit(lena, slug="northwind", at=NOON + MOVES_WITHIN + timedelta(minutes=1))

    def test_nobody_collects_addresses(self, lena: Membership, northwind: Tenant) -> None:
        kept = [PastAddress(slug=f"old-{number}", organisation=northwind, left_at=NOON) for number in range(12)]
        PastAddress.objects.bulk_create(kept)
        with pytest.raises(TooManyAddresses):
            edit(lena, slug="northwind-sales")
        edit(lena, slug="old-3")
