"""The quick log: a sentence with four blanks, stored once, with what it gave."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from accounts.models import AuditEvent, Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from activities.models import Activity, ActivityType, OutputType
from frontend.forms.log import deal_choices
from outcomes.models import Milestone, MilestoneEvent
from strategy.models import BuyingRole, Deal, PlanPart, Strategy
from strategy.services import move_deal, open_contact
from tests.frontend.conftest import DealMaker
from tests.make import NOON, stage

HTMX = {"HX-Request": "true"}
LOG = "/o/northwind/log/"


def the_only() -> Activity:
    return Activity.objects.select_related("type", "deal", "member").get()


class TestForm:
    def test_is_a_page_of_its_own(self, as_omar: Client, deal: Deal) -> None:
        page = as_omar.get(LOG).content.decode()
        assert "<html" in page
        assert "Brightwater" in page
        assert re.search(r'name="entry_key" value="[0-9a-f-]{36}"', page)

    def test_is_a_dialog_for_htmx(self, as_omar: Client, deal: Deal) -> None:
        page = as_omar.get(LOG, headers=HTMX).content.decode()
        assert page.lstrip().startswith("<dialog")
        assert "<html" not in page

    def test_begins_with_the_deal_it_was_opened_from(self, as_omar: Client, make_deal: DealMaker, deal: Deal) -> None:
        other = make_deal("Another", company="Kestrel Foods")
        page = as_omar.get(f"{LOG}?deal={deal.pk}").content.decode()
        assert re.search(rf'value="{deal.pk}"[^>]*checked', page)
        assert not re.search(rf'value="{other.pk}"[^>]*checked', page)

    def test_begins_with_the_kind_used_last_at_this_hour(
        self, as_omar: Client, omar: Membership, northwind: Tenant, deal: Deal
    ) -> None:
        from activities.services import log_activity

        with tenant_scope(northwind.pk):
            meeting, email = (ActivityType.objects.get(name=name) for name in ("Meeting", "Email"))
            for kind, at in ((meeting, NOON - timedelta(days=1)), (email, NOON - timedelta(hours=3))):
                log_activity(actor=omar, type=kind, at=at, recorded_at=NOON, deal=deal)
        assert re.search(rf'value="{meeting.pk}"[^>]*checked', as_omar.get(LOG).content.decode())

    def test_two_deals_of_one_company_are_told_apart(self, as_omar: Client, make_deal: DealMaker, deal: Deal) -> None:
        make_deal("Pumps")
        page = as_omar.get(LOG).content.decode()
        assert "Brightwater: Pumps" in page
        assert "Brightwater: Leak analytics" in page

    def test_a_mangled_deal_in_the_address_is_no_error(self, as_omar: Client, deal: Deal) -> None:
        assert as_omar.get(f"{LOG}?deal=nonsense").status_code == 200
        assert as_omar.get(f"{LOG}?deal={uuid4()}").status_code == 200


class TestLogging:
    def test_stores_the_call_and_goes_to_the_deal(
        self, as_omar: Client, omar: Membership, deal: Deal, entry: dict[str, Any], northwind: Tenant
    ) -> None:
        answer = as_omar.post(LOG, entry)
        assert (answer.status_code, answer["Location"]) == (303, f"/o/northwind/deals/{deal.pk}/")
        with tenant_scope(northwind.pk):
            activity = the_only()
            assert (activity.type.name, activity.deal, activity.member, activity.minutes) == ("Call", deal, omar, 15)
            assert activity.day.isoformat() == "2026-11-18"
        assert "Call logged on Leak analytics" in as_omar.get(answer["Location"]).content.decode()

    def test_an_output_is_stored_with_its_words(
        self, as_omar: Client, entry: dict[str, Any], northwind: Tenant
    ) -> None:
        with tenant_scope(northwind.pk):
            reply = OutputType.objects.get(name="Reply")
        as_omar.post(LOG, {**entry, "gave": "output", "output_type": str(reply.pk), "note": "Named who signs"})
        with tenant_scope(northwind.pk):
            output = the_only().outputs.get()
            assert (output.type, output.note) == (reply, "Named who signs")

    def test_a_second_press_stores_nothing_more(
        self, as_omar: Client, entry: dict[str, Any], northwind: Tenant
    ) -> None:
        assert [as_omar.post(LOG, entry).status_code for _ in range(2)] == [303, 303]
        with tenant_scope(northwind.pk):
            assert Activity.objects.count() == 1

    def test_when_is_the_organisations_clock(self, as_omar: Client, entry: dict[str, Any], northwind: Tenant) -> None:
        northwind.time_zone = "America/New_York"
        northwind.save()
        as_omar.post(LOG, {**entry, "at": "2026-11-17T23:30"})
        with tenant_scope(northwind.pk):
            activity = the_only()
            assert (activity.at.isoformat(), activity.day.isoformat()) == ("2026-11-18T04:30:00+00:00", "2026-11-17")

    def test_what_stands_behind_more_is_stored_too(
        self, as_omar: Client, entry: dict[str, Any], northwind: Tenant
    ) -> None:
        more = {"minutes": "40", "horizon": "H3", "next_step": "Send the map", "next_step_on": "2026-12-01"}
        as_omar.post(LOG, {**entry, **more})
        with tenant_scope(northwind.pk):
            activity = the_only()
            assert (activity.minutes, activity.horizon, activity.next_step) == (40, "H3", "Send the map")

    def test_without_a_deal(self, as_omar: Client, entry: dict[str, Any], northwind: Tenant) -> None:
        as_omar.post(LOG, {**entry, "deal": "none"})
        with tenant_scope(northwind.pk):
            assert the_only().deal is None

    def test_an_outcome_is_recorded_in_the_same_breath(
        self, as_omar: Client, outcome: dict[str, Any], northwind: Tenant
    ) -> None:
        as_omar.post(LOG, {**outcome, "evidence": "https://mail.example/1"})
        with tenant_scope(northwind.pk):
            milestone = Milestone.objects.get()
            assert (milestone.grade, milestone.words, milestone.agreed_by) == (1, "Leakage to 12%", "Ingrid Falk")
            assert MilestoneEvent.objects.get().entry_key == the_only().entry_key

    def test_an_outcome_pressed_twice_is_one_outcome(
        self, as_omar: Client, outcome: dict[str, Any], northwind: Tenant
    ) -> None:
        as_omar.post(LOG, outcome)
        as_omar.post(LOG, outcome)
        with tenant_scope(northwind.pk):
            assert (Activity.objects.count(), MilestoneEvent.objects.count()) == (1, 1)


class TestSentLater:
    """What an entry says that waited on its device for a signal."""

    def test_counts_from_when_it_happened(self, as_omar: Client, entry: dict[str, Any], northwind: Tenant) -> None:
        as_omar.post(LOG, {**entry, "waited": str(26 * 3_600_000)})
        with tenant_scope(northwind.pk):
            activity = the_only()
            assert abs(activity.at - (NOON - timedelta(hours=26))) < timedelta(minutes=1)
            assert activity.day.isoformat() == "2026-11-17"

    def test_a_refused_one_still_knows_when_it_happened(self, as_omar: Client, entry: dict[str, Any]) -> None:
        page = as_omar.post(LOG, {**entry, "deal": "nonsense", "waited": "3600000"}).content.decode()
        assert re.search(r'name="happened" value="2026-11-18[T ]11:', page)

    def test_what_is_stored_is_told_again_whatever_has_changed_since(
        self, as_omar: Client, deal: Deal, outcome: dict[str, Any], omar: Membership, northwind: Tenant
    ) -> None:
        as_omar.post(LOG, outcome)
        with tenant_scope(northwind.pk):
            move_deal(deal=deal, to=stage("Lost"), actor=omar, at=NOON)
        answer = as_omar.post(LOG, outcome, headers=HTMX)
        assert answer.status_code == 200
        assert "Call logged on Leak analytics" in answer.content.decode()
        with tenant_scope(northwind.pk):
            assert (Activity.objects.count(), MilestoneEvent.objects.count()) == (1, 1)

    def test_is_never_sent_as_somebody_else(
        self, as_omar: Client, entry: dict[str, Any], lena: Membership, northwind: Tenant
    ) -> None:
        answer = as_omar.post(LOG, {**entry, "by": str(lena.pk)}, headers=HTMX)
        assert answer.status_code == 409
        with tenant_scope(northwind.pk):
            assert not Activity.objects.exists()

    def test_two_people_with_one_key_are_two_entries(
        self, as_omar: Client, entry: dict[str, Any], lena: Membership, northwind: Tenant
    ) -> None:
        as_lena = Client()
        as_lena.force_login(lena.user)
        for browser in (as_omar, as_lena):
            assert browser.post(LOG, entry).status_code == 303
        with tenant_scope(northwind.pk):
            assert Activity.objects.count() == 2


class TestWithWhom:
    def test_the_people_who_decide_are_offered_and_stored(
        self, as_omar: Client, deal: Deal, omar: Membership, entry: dict[str, Any], northwind: Tenant
    ) -> None:
        with tenant_scope(northwind.pk):
            ingrid = open_contact(actor=omar, name="Ingrid Falk", company=deal.company, at=NOON)
            BuyingRole.objects.create(deal=deal, contact=ingrid)
        page = as_omar.get(LOG).content.decode()
        assert "Ingrid Falk, Brightwater" in page
        quality = {"prepared": "yes", "right_person": "no", "purpose": "Agree the date"}
        as_omar.post(LOG, {**entry, **quality, "contacts": [str(ingrid.pk)], "took": "7"})
        with tenant_scope(northwind.pk):
            activity = the_only()
            assert [one.name for one in activity.contacts.all()] == ["Ingrid Falk"]
            assert (activity.prepared, activity.right_person, activity.purpose_reached) == (True, False, None)
            assert (activity.purpose, activity.took_seconds) == ("Agree the date", 7)

    def test_nobody_of_another_customer(
        self, as_omar: Client, make_deal: DealMaker, omar: Membership, entry: dict[str, Any], northwind: Tenant
    ) -> None:
        other = make_deal("Cold chain", company="Kestrel Foods")
        with tenant_scope(northwind.pk):
            joan = open_contact(actor=omar, name="Joan", company=other.company, at=NOON)
            BuyingRole.objects.create(deal=other, contact=joan)
        answer = as_omar.post(LOG, {**entry, "contacts": [str(joan.pk)]})
        assert answer.status_code == 422
        assert "Joan is with another company." in answer.content.decode()


class TestForWhichPlay:
    @pytest.fixture
    def play(self, northwind: Tenant, deal: Deal, omar: Membership) -> PlanPart:
        """The play that the deal serves."""
        with tenant_scope(northwind.pk):
            strategy = Strategy.objects.create(name="Leakage partner", owner=omar, created_at=NOON)
            play = PlanPart.objects.create(strategy=strategy, key=uuid4(), kind="play", name="Loss map", position=1)
            Deal.objects.filter(pk=deal.pk).update(strategy=strategy, play=play)
        return play

    @pytest.mark.parametrize(
        ("said", "told"),
        [("", "It serves “Loss map”"), ("none", "It serves no play"), ("{play}", "It serves “Loss map”")],
    )
    def test_it_is_suggested_by_the_deal_and_can_be_said(
        self, as_omar: Client, entry: dict[str, Any], northwind: Tenant, play: PlanPart, said: str, told: str
    ) -> None:
        assert "Loss map (Leakage partner)" in as_omar.get(LOG).content.decode()
        given = {**entry, "play": said.format(play=play.pk)}
        assert told in as_omar.post(LOG, given, headers=HTMX).content.decode()
        with tenant_scope(northwind.pk):
            assert the_only().play == (None if said == "none" else play)

    def test_one_that_is_not_offered_is_refused(self, as_omar: Client, entry: dict[str, Any], play: PlanPart) -> None:
        assert as_omar.post(LOG, {**entry, "play": str(uuid4())}).status_code == 422


class TestWithACompany:
    def test_without_a_deal_it_is_the_companys(
        self, as_omar: Client, entry: dict[str, Any], deal: Deal, northwind: Tenant
    ) -> None:
        page = as_omar.get(f"{LOG}?company={deal.company_id}").content.decode()
        chosen = f"company-{deal.company_id}"
        assert re.search(rf'value="{chosen}"[^>]*checked', page)
        assert as_omar.post(LOG, {**entry, "deal": f"company-{uuid4()}"}).status_code == 422
        assert as_omar.post(LOG, {**entry, "deal": chosen, "gave": "outcome"}).status_code == 422
        assert as_omar.post(LOG, {**entry, "deal": chosen}).status_code == 303
        with tenant_scope(northwind.pk):
            assert (the_only().deal, the_only().company) == (None, deal.company)


def test_a_hundred_posts_at_once_with_one_key_are_one_activity_and_one_event(
    transactional_db: None, as_omar: Client, outcome: dict[str, Any], northwind: Tenant
) -> None:
    """A phone that sends again while the first answer is on its way, as badly as can be."""
    cookies = as_omar.cookies

    def post(_: int) -> int:
        browser = Client()
        browser.cookies = cookies
        try:
            return browser.post(LOG, outcome).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(post, range(100))) == {303}
    with tenant_scope(northwind.pk):
        assert (Activity.objects.count(), MilestoneEvent.objects.count()) == (1, 1)
        assert AuditEvent.objects.filter(verb__in=("activity.logged", "milestone.recorded")).count() == 2


class TestOtherDeal:
    def test_the_only_one_called_that_way_is_taken(
        self, as_omar: Client, make_deal: DealMaker, entry: dict[str, Any], northwind: Tenant
    ) -> None:
        kestrel = make_deal("Cold chain", company="Kestrel Foods")
        as_omar.post(LOG, {**entry, "deal": "other", "other": "kestrel"})
        with tenant_scope(northwind.pk):
            assert the_only().deal == kestrel

    def test_several_are_offered_to_choose_from(
        self, as_omar: Client, make_deal: DealMaker, entry: dict[str, Any]
    ) -> None:
        first, second = make_deal("Pumps north"), make_deal("Pumps south")
        answer = as_omar.post(LOG, {**entry, "deal": "other", "other": "pumps"})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "Several deals are called that way" in page
        assert str(first.pk) in page
        assert str(second.pk) in page

    def test_the_one_of_exactly_that_name_needs_no_choice(
        self, as_omar: Client, make_deal: DealMaker, entry: dict[str, Any], northwind: Tenant
    ) -> None:
        pumps = make_deal("Pumps")
        make_deal("Pumps south")
        as_omar.post(LOG, {**entry, "deal": "other", "other": "pumps"})
        with tenant_scope(northwind.pk):
            assert the_only().deal == pumps

    @pytest.mark.parametrize(("typed", "told"), [("", "Write a part"), ("zzz", "No open deal is called that way")])
    def test_nothing_found_says_what_to_do(self, as_omar: Client, entry: dict[str, Any], typed: str, told: str) -> None:
        answer = as_omar.post(LOG, {**entry, "deal": "other", "other": typed})
        assert answer.status_code == 422
        assert told in answer.content.decode()

    def test_typing_offers_matches(self, as_omar: Client, make_deal: DealMaker, deal: Deal) -> None:
        kestrel = make_deal("Cold chain", company="Kestrel Foods")
        page = as_omar.get("/o/northwind/log/deals/", {"other": "kes"}, headers=HTMX).content.decode()
        assert str(kestrel.pk) in page
        assert str(deal.pk) not in page

    def test_a_choice_among_the_matches_is_taken(
        self, as_omar: Client, make_deal: DealMaker, entry: dict[str, Any], northwind: Tenant
    ) -> None:
        chosen = make_deal("Cold chain", company="Kestrel Foods")
        for number in range(8):
            make_deal(f"Newer {number}")
        as_omar.post(LOG, {**entry, "deal": str(chosen.pk)})
        with tenant_scope(northwind.pk):
            assert the_only().deal == chosen


def test_deals_of_one_name_are_told_apart_by_their_number() -> None:
    same = [Deal(name="MG Advanced", external_id="8I5ONXJX"), Deal(name="MG Advanced", external_id="OOQ4GJ8Y")]
    words = [name for _, name in deal_choices([*same, Deal(name="GTX Pro", external_id="1C1I7A6R")])]
    assert words[:3] == ["MG Advanced, 8I5ONXJX", "MG Advanced, OOQ4GJ8Y", "GTX Pro"]
