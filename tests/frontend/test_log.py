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
from django.utils import timezone

from accounts.models import AuditEvent, Membership, Tenant, User
from accounts.tenancy.scope import tenant_scope
from activities.models import Activity, ActivityType, OutputType
from frontend.forms.log import deal_choices
from outcomes.models import Milestone, MilestoneEvent, MilestoneType
from outcomes.services import record_milestone
from strategy.models import BuyingRole, Deal
from strategy.services import move_deal, open_contact
from tests.frontend.conftest import DealMaker
from tests.make import NOON, make_deals, stage

HTMX = {"HX-Request": "true"}
LOG = "/o/northwind/log/"


@pytest.fixture
def entry(northwind: Tenant, deal: Deal) -> dict[str, Any]:
    """What the form sends for a call on the deal that gave nothing yet."""
    with tenant_scope(northwind.pk):
        return {
            "kind": str(ActivityType.objects.get(name="Call").pk),
            "deal": str(deal.pk),
            "gave": "nothing",
            "note": "",
            "entry_key": str(uuid4()),
        }


@pytest.fixture
def outcome(northwind: Tenant, entry: dict[str, Any]) -> dict[str, Any]:
    """What the form sends for a call in which the customer agreed to the goal."""
    with tenant_scope(northwind.pk):
        goal = MilestoneType.objects.get(name="Goal agreed")
    return {
        **entry,
        "gave": "outcome",
        "milestone": str(goal.pk),
        "words": "Leakage to 12%",
        "agreed_by": "Ingrid Falk",
    }


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


class TestUndo:
    def undo(self, browser: Client, northwind: Tenant) -> Any:
        with tenant_scope(northwind.pk):
            return browser.post(f"{LOG}{the_only().pk}/undo/")

    def test_takes_the_activity_and_what_was_recorded_with_it_back_by_a_new_event(
        self, as_omar: Client, deal: Deal, outcome: dict[str, Any], northwind: Tenant
    ) -> None:
        page = as_omar.post(LOG, outcome, headers=HTMX).content.decode()
        assert "/undo/" in page
        answer = self.undo(as_omar, northwind)
        assert (answer.status_code, answer["Location"]) == (303, f"/o/northwind/deals/{deal.pk}/")
        with tenant_scope(northwind.pk):
            assert not Activity.objects.exists()
            assert list(MilestoneEvent.objects.order_by("recorded_at").values_list("kind", flat=True)) == [
                "claimed",
                "corrected",
            ]
            assert Milestone.objects.get().state == "withdrawn"
            assert AuditEvent.objects.filter(verb="milestone.corrected").count() == 1

    def test_twice_says_that_it_is_done(self, as_omar: Client, entry: dict[str, Any], northwind: Tenant) -> None:
        as_omar.post(LOG, entry)
        with tenant_scope(northwind.pk):
            url = f"{LOG}{the_only().pk}/undo/"
        for _ in range(2):
            assert as_omar.post(url).status_code == 303
        assert "There is nothing to take back any more." in as_omar.get("/o/northwind/today/").content.decode()

    def test_is_too_late_once_the_ledger_went_on(
        self, as_omar: Client, deal: Deal, omar: Membership, outcome: dict[str, Any], northwind: Tenant
    ) -> None:
        as_omar.post(LOG, outcome)
        with tenant_scope(northwind.pk):
            kind = MilestoneType.objects.get(name="Goal agreed")
            later = timezone.now() + timedelta(minutes=1)
            record_milestone(actor=omar, deal=deal, type=kind, at=later, evidence="https://mail.example/2")
        answer = self.undo(as_omar, northwind)
        assert answer.status_code == 409
        assert "It is too late to undo this entry" in answer.content.decode()
        with tenant_scope(northwind.pk):
            assert (Activity.objects.count(), MilestoneEvent.objects.count()) == (1, 2)

    def test_not_of_somebody_elses_entry(
        self, as_omar: Client, as_vera: Client, entry: dict[str, Any], northwind: Tenant
    ) -> None:
        as_omar.force_login(User.objects.get(email="omar@example.com"))
        as_omar.post(LOG, entry)
        as_vera.force_login(User.objects.get(email="vera@example.com"))
        assert self.undo(as_vera, northwind).status_code == 403


class TestFactInReturn:
    def closed(self, omar: Membership, number: int, won: int) -> None:
        goal = MilestoneType.objects.get(name="Goal agreed")
        deals = [
            *make_deals(won, actor=omar, age=60, ended=30, cause="won"),
            *make_deals(number - won, actor=omar, age=60, ended=30, cause="lost"),
        ]
        Milestone.objects.bulk_create(
            Milestone(deal=one, type=goal, state="reached", grade=1, reached_on=NOON.date(), recorded_at=NOON)
            for one in deals
        )

    def test_says_what_became_of_deals_that_got_so_far_with_its_interval(
        self, as_omar: Client, omar: Membership, northwind: Tenant, outcome: dict[str, Any], count: Any
    ) -> None:
        with tenant_scope(northwind.pk):
            self.closed(omar, 24, 12)
        count()
        page = as_omar.post(LOG, outcome, headers=HTMX).content.decode()
        assert "Of 24 closed deals with “Goal agreed”, 12 were won: 50% (31 to 69%)." in page

    def test_says_what_is_missing_while_there_are_too_few(
        self, as_omar: Client, omar: Membership, northwind: Tenant, entry: dict[str, Any], count: Any
    ) -> None:
        with tenant_scope(northwind.pk):
            self.closed(omar, 7, 3)
        count()
        page = as_omar.post(LOG, entry, headers=HTMX).content.decode()
        assert "needs 20 closed deals with “Goal agreed”: you have 7, 3 won." in page


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


class TestRefusing:
    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"kind": ""}, "Choose what you did."),
            ({"kind": "nonsense"}, "Choose from what is offered"),
            ({"deal": ""}, "Choose a deal, or No deal."),
            ({"deal": str(uuid4())}, "Choose from what is offered"),
            ({"minutes": "-1"}, "Give 0 minutes or more."),
            ({"minutes": "1441"}, "Give at most 1,440 minutes"),
            ({"minutes": "many"}, "Give a whole number of minutes."),
            ({"at": "yesterday"}, "Give a day and a time"),
            ({"at": "2031-01-01T10:00"}, "Give a time that is not to come."),
            ({"at": "0206-11-01T10:00"}, "Give a year from 1900 on."),
            ({"note": "x" * 301}, "Shorten this to 300 characters; it has 301."),
            ({"note": "nul\x00byte"}, "Take out the character that cannot be seen."),
            ({"entry_key": "no-key"}, "Choose from what is offered"),
            ({"gave": "outcome", "deal": "none"}, "Choose the deal on which they agreed."),
        ],
    )
    def test_says_what_to_do_keeps_the_words_and_stores_nothing(
        self, as_omar: Client, outcome: dict[str, Any], change: dict[str, str], told: str, northwind: Tenant
    ) -> None:
        answer = as_omar.post(LOG, {**outcome, **change}, headers=HTMX)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert told in page
        assert "<html" not in page
        assert 'role="alert"' in page
        assert "Leakage to 12%" in page
        with tenant_scope(northwind.pk):
            assert not Activity.objects.exists()
            assert not MilestoneEvent.objects.exists()

    def test_a_refused_outcome_takes_the_activity_back(
        self, as_omar: Client, outcome: dict[str, Any], northwind: Tenant
    ) -> None:
        answer = as_omar.post(LOG, {**outcome, "evidence": "ftp://files.example/1"})
        assert answer.status_code == 422
        with tenant_scope(northwind.pk):
            assert not Activity.objects.exists()

    def test_a_deal_that_is_over_takes_no_outcome(
        self, as_omar: Client, make_deal: DealMaker, outcome: dict[str, Any], northwind: Tenant
    ) -> None:
        over = make_deal("Over", ends="Lost")
        answer = as_omar.post(LOG, {**outcome, "deal": str(over.pk)})
        assert answer.status_code == 422
        with tenant_scope(northwind.pk):
            assert not Activity.objects.exists()

    def test_vera_may_not(self, as_vera: Client, entry: dict[str, Any]) -> None:
        assert as_vera.get(LOG).status_code == 403
        assert as_vera.post(LOG, entry).status_code == 403

    def test_a_forged_form_is_refused(self, omar: Membership, entry: dict[str, Any], northwind: Tenant) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(omar.user)
        answer = strict.post(LOG, entry)
        assert answer.status_code == 403
        assert "too old to be sent" in answer.content.decode()
        with tenant_scope(northwind.pk):
            assert not Activity.objects.exists()

    def test_a_deal_of_southwind_is_no_choice(
        self, as_omar: Client, entry: dict[str, Any], eve: Membership, northwind: Tenant
    ) -> None:
        from tests.make import make_deal as deal_of

        with tenant_scope(eve.tenant_id):
            foreign = deal_of(actor=eve)
        assert as_omar.post(LOG, {**entry, "deal": str(foreign.pk)}).status_code == 422


class TestInADialog:
    def test_closes_it_says_so_and_shows_it_on_the_deals_page(
        self, as_omar: Client, deal: Deal, entry: dict[str, Any]
    ) -> None:
        here = f"http://testserver/o/northwind/deals/{deal.pk}/"
        answer = as_omar.post(LOG, {**entry, "note": "Left a message"}, headers={**HTMX, "HX-Current-URL": here})
        page = answer.content.decode()
        assert answer.status_code == 200
        assert "dialog:close" in answer["HX-Trigger"]
        assert 'hx-target="#toasts"' in page
        assert f'hx-target="#deal-{deal.pk}-path"' in page
        assert "Left a message" in page

    def test_on_another_page_it_only_says_so(self, as_omar: Client, deal: Deal, entry: dict[str, Any]) -> None:
        here = "http://testserver/o/northwind/execution/"
        answer = as_omar.post(LOG, entry, headers={**HTMX, "HX-Current-URL": here})
        assert "facts:changed" in answer["HX-Trigger"]
        assert "-path" not in answer.content.decode()

    def test_on_its_own_page_it_goes_on_to_the_deal(self, as_omar: Client, deal: Deal, entry: dict[str, Any]) -> None:
        answer = as_omar.post(LOG, entry, headers={**HTMX, "HX-Current-URL": f"http://testserver{LOG}"})
        assert answer["HX-Redirect"] == f"/o/northwind/deals/{deal.pk}/"


def test_deals_of_one_name_are_told_apart_by_their_number() -> None:
    same = [Deal(name="MG Advanced", external_id="8I5ONXJX"), Deal(name="MG Advanced", external_id="OOQ4GJ8Y")]
    words = [name for _, name in deal_choices([*same, Deal(name="GTX Pro", external_id="1C1I7A6R")])]
    assert words[:3] == ["MG Advanced, 8I5ONXJX", "MG Advanced, OOQ4GJ8Y", "GTX Pro"]
