"""After an entry: where it leads, the fact in return, and taking it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, Membership, Tenant, User
from accounts.tenancy.scope import tenant_scope
from activities.models import Activity
from outcomes.models import Milestone, MilestoneEvent, MilestoneType
from outcomes.services import record_milestone
from strategy.models import Deal
from tests.make import NOON, make_deals

HTMX = {"HX-Request": "true"}
LOG = "/o/northwind/log/"


def the_only() -> Activity:
    return Activity.objects.select_related("type", "deal", "member").get()


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
