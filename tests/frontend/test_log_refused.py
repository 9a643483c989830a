"""What the quick log says to what it cannot store: what to do, with the words that were written."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from activities.models import Activity
from outcomes.models import MilestoneEvent
from tests.frontend.conftest import DealMaker

HTMX = {"HX-Request": "true"}
LOG = "/o/northwind/log/"


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
