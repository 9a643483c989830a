"""Omar asks Ingrid from the page of his deal, and sees what became of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from outcomes import services
from outcomes.models import Confirmation, MilestoneType
from strategy.models import Company, Contact, Deal
from strategy.services import move_deal
from tests.make import NOON, make_deal, stage
from tests.post import letters

Sent = Callable[..., Any]
LINK = re.compile(r'<code class="secret" id="link">http://[^/]+(/c/[\w-]{43}/)</code>')


@pytest.fixture
def ingrid(northwind: Tenant, deal: Deal) -> Contact:
    with tenant_scope(northwind.pk):
        Company.objects.filter(pk=deal.company_id).update(country="Deutschland")
        return Contact.objects.create(name="Ingrid Falk", email="ingrid@brightwater.example", company=deal.company)


@pytest.fixture
def goal(northwind: Tenant, omar: Membership, deal: Deal, ingrid: Contact) -> MilestoneType:
    """The goal, which Omar recorded."""
    with tenant_scope(northwind.pk):
        kind = MilestoneType.objects.get(name="Goal agreed")
        services.record_milestone(
            actor=omar, deal=deal, type=kind, at=NOON, words="Leakage to 12%", agreed_by="Ingrid Falk"
        )
        return kind


@pytest.fixture
def send(as_omar: Client, deal: Deal, goal: MilestoneType, ingrid: Contact) -> Sent:
    """Sends the form, with what Omar writes into it."""

    def sent(**given: Any) -> Any:
        usual = {
            "type": str(goal.pk),
            "contact": str(ingrid.pk),
            "language": "de",
            "statement": "Leakage to 12%",
            "message": "Guten Tag",
            "channel": "mail",
            "days": "30",
            "entry_key": str(uuid4()),
        }
        return as_omar.post(f"/o/northwind/deals/{deal.pk}/ask/", {**usual, **given})

    return sent


def test_page_of_the_deal_offers_to_send_what_was_recorded(as_omar: Client, deal: Deal, goal: MilestoneType) -> None:
    page = as_omar.get(f"/o/northwind/deals/{deal.pk}/").content.decode()
    assert "Send to Ingrid to confirm" in page
    assert "Outcomes recorded: 1. Asked about: 0. Answered: 0." in page
    draft = as_omar.get(f"/o/northwind/deals/{deal.pk}/ask/?type={goal.pk}").content.decode()
    assert "Guten Tag Ingrid Falk," in draft
    assert "18. November" in draft
    assert "Leakage to 12%" in draft


def test_other_language_drafts_the_letter_anew_and_keeps_what_was_written(
    as_omar: Client, deal: Deal, goal: MilestoneType, ingrid: Contact
) -> None:
    url = f"/o/northwind/deals/{deal.pk}/ask/?type={goal.pk}"
    drafted = re.search(r'name="drafted" value="([^"]*)"', as_omar.get(url).content.decode())
    assert drafted
    given = {"look": "1", "type": str(goal.pk), "contact": str(ingrid.pk), "language": "fr", "drafted": drafted[1]}
    page = as_omar.post(url, {**given, "statement": "Eighteen to twelve", "message": ""}).content.decode()
    assert "Bonjour Ingrid Falk," in page
    assert "Eighteen to twelve" in page


def test_letter_goes_out_once_however_often_the_form_is_sent(send: Sent, northwind: Tenant) -> None:
    key = str(uuid4())
    for _ in range(3):
        assert send(entry_key=key).status_code == 303
    assert len(letters(to="ingrid@brightwater.example")) == 1
    with tenant_scope(northwind.pk):
        assert Confirmation.objects.count() == 1


def test_nobody_is_offered_to_ask_again_while_an_answer_is_awaited(
    send: Sent, as_omar: Client, deal: Deal, northwind: Tenant
) -> None:
    send()
    page = as_omar.get(f"/o/northwind/deals/{deal.pk}/").content.decode()
    assert "Sent to Ingrid Falk (ingrid@brightwater.example) 18 Nov, not opened" in page
    assert "Take back the link for Ingrid Falk" in page
    assert "to confirm</a>" not in page
    with tenant_scope(northwind.pk):
        key = Confirmation.objects.get().pk
    as_omar.post(f"/o/northwind/confirmations/{key}/revoke/")
    assert "Send to Ingrid to confirm</a>" in as_omar.get(f"/o/northwind/deals/{deal.pk}/").content.decode()


def test_key_of_somebody_elses_entry_tells_nothing_of_it(
    send: Sent, deal: Deal, northwind: Tenant, mara: Membership
) -> None:
    key = str(uuid4())
    assert send(entry_key=key, statement="For Ingrid alone").status_code == 303
    maras = Client()
    maras.force_login(mara.user)
    with tenant_scope(northwind.pk):
        theirs = Confirmation.objects.values("type_id", "contact_id").get()
    given = {"type": theirs["type_id"], "contact": theirs["contact_id"], "language": "de", "statement": "Mine"}
    given |= {"message": "Hello", "channel": "mail", "days": "30", "entry_key": key}
    answer = maras.post(f"/o/northwind/deals/{deal.pk}/ask/", given)
    assert (answer.status_code, "Open the form again." in answer.content.decode()) == (422, True)
    with tenant_scope(northwind.pk):
        assert Confirmation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_person_who_is_asked_on_many_deals_at_once_is_asked_four_times(northwind: Tenant, omar: Membership) -> None:
    with tenant_scope(northwind.pk):
        kind = MilestoneType.objects.get(name="Goal agreed")
        deals = [make_deal(actor=omar, name=f"Deal {number}") for number in range(8)]
    together = Barrier(8)

    def ask(deal: Deal) -> bool:
        together.wait()
        try:
            with tenant_scope(northwind.pk):
                whom = {"name": "Ingrid", "email": "i@brightwater.example", "channel": "link"}
                services.ask(actor=omar, deal=deal, at=timezone.now(), type=kind, **whom)
        except services.AskedOften:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, deals)) == 4


def test_link_is_shown_once_and_can_be_taken_back(
    send: Sent, as_omar: Client, deal: Deal, northwind: Tenant, client: Client
) -> None:
    shown = send(channel="link").content.decode()
    found = LINK.search(shown)
    assert found
    assert 'data-copy="link"' in shown
    assert "/copy." in shown
    buyer = Client()
    assert buyer.get(found[1]).status_code == 200
    buyer.post(found[1], {"a": "opened"})
    page = as_omar.get(f"/o/northwind/deals/{deal.pk}/").content.decode()
    assert "Link copied for Ingrid Falk 18 Nov, opened 18 Nov" in page
    assert found[1] not in page
    with tenant_scope(northwind.pk):
        key = Confirmation.objects.get().pk
    assert as_omar.post(f"/o/northwind/confirmations/{key}/revoke/").status_code == 303
    assert buyer.get(found[1]).status_code == 410
    assert "taken back 18 Nov" in as_omar.get(f"/o/northwind/deals/{deal.pk}/").content.decode()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"statement": ""}, "Write down what they are asked."),
        ({"statement": "x" * 2001}, "Shorten this to 2000 characters"),
        ({"contact": "", "name": "", "email": ""}, "Give a name, or choose somebody."),
        ({"name": "Joan"}, "Leave it empty, or choose “Somebody else” above."),
        ({"contact": "", "name": "Joan"}, "Give an e-mail address, or copy the link instead."),
        ({"contact": "", "name": "Joan", "email": "joan at home"}, "Give an e-mail address"),
        ({"contact": str(uuid4())}, "Choose from what is offered."),
        ({"language": "xx"}, "Choose from what is offered."),
        ({"days": "91"}, "Give 90 or less."),
        ({"type": "nonsense"}, "Choose from what is offered."),
        ({"statement": "a\0b"}, "Take out the character that cannot be seen."),
    ],
)
def test_what_cannot_be_asked_is_told_at_the_field(
    send: Sent, northwind: Tenant, given: dict[str, str], told: str
) -> None:
    answer = send(**given)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    with tenant_scope(northwind.pk):
        assert not Confirmation.objects.exists()


def test_answer_stands_on_the_deal_and_in_the_list_as_text(
    send: Sent, as_omar: Client, deal: Deal, northwind: Tenant
) -> None:
    send(channel="link")
    with tenant_scope(northwind.pk):
        asked = Confirmation.objects.get()
        services.answer(confirmation=asked, at=NOON, said="nearly", words="<b>14%</b>", confidence=7)
    page = as_omar.get(f"/o/northwind/deals/{deal.pk}/").content.decode()
    assert "Nearly, in their words, 18 Nov, sure: 7 of 10" in page
    assert "&lt;b&gt;14%&lt;/b&gt;" in page
    assert (
        "Send to Ingrid to confirm" in page
    )  # by a letter: what the holder of a copied link says is not known so well
    listed = as_omar.get("/o/northwind/confirmations/").content.decode()
    assert "answered 18 Nov" in listed
    assert re.findall(r'<td class="r"[^>]*>(\d+)</td>', listed) == ["1", "1", "1"]


def test_what_is_added_to_an_answer_stands_with_it_and_not_as_another_one(
    send: Sent, as_omar: Client, deal: Deal, northwind: Tenant
) -> None:
    send()
    with tenant_scope(northwind.pk):
        asked = Confirmation.objects.get()
        for given in ({}, {"confidence": 8}, {"confidence": 8, "comment": "Ask Joan"}):
            services.answer(confirmation=asked, at=NOON, said="yes", **given)
        services.answer(confirmation=asked, at=NOON, said="no")
    page = as_omar.get(f"/o/northwind/deals/{deal.pk}/").content.decode()
    told = page[page.index('id="asked"') : page.index("All that customers were asked")]
    assert re.findall(r'<p class="small">(\w+), 18 Nov', told) == ["Yes", "No"]
    assert "sure: 8 of 10<br><bdi>“Ask Joan”</bdi>" in told


def test_reason_of_the_customer_stands_beside_the_sellers(
    as_omar: Client, deal: Deal, goal: MilestoneType, ingrid: Contact, northwind: Tenant, omar: Membership
) -> None:
    with tenant_scope(northwind.pk):
        deal.refresh_from_db()
        move_deal(deal=deal, to=stage("No decision"), actor=omar, at=NOON)
    page = as_omar.get(f"/o/northwind/deals/{deal.pk}/").content.decode()
    assert "Ask Ingrid why" in page
    with tenant_scope(northwind.pk):
        made = services.ask(actor=omar, deal=deal, at=NOON, purpose="end_reason", contact=ingrid, channel="link")
        services.answer(confirmation=made.confirmation, at=NOON, cause="lost", words="Cheaper pumps")
    page = as_omar.get(f"/o/northwind/deals/{deal.pk}/").content.decode()
    assert "Reason, by the customer" in page
    assert "We chose somebody else. “Cheaper pumps”" in page


def test_vera_reads_and_does_not_ask(as_vera: Client, deal: Deal, goal: MilestoneType) -> None:
    assert as_vera.get(f"/o/northwind/deals/{deal.pk}/ask/").status_code == 403
    assert "Send to Ingrid" not in as_vera.get(f"/o/northwind/deals/{deal.pk}/").content.decode()
    assert as_vera.get("/o/northwind/confirmations/").status_code == 200
