"""The mutual plan of a deal on pages: its steps, and what the customer proposes behind a link."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from outcomes.models import (
    Confirmation,
    MilestoneType,
    MutualStep,
    StepProposal,
)
from outcomes.services import ask
from outcomes.services.mutual_steps import add_step
from outcomes.services.step_proposals import Proposed, TooManyProposals, propose, propose_by_link
from strategy.models import Deal
from tests.frontend.test_plan_pages import text
from tests.make import NOON

HOME = "/o/northwind"
TODAY = NOON.date()


@pytest.fixture
def steps(northwind: Tenant, omar: Membership, deal: Deal) -> list[MutualStep]:
    """Two steps, of which the first is late."""
    with tenant_scope(northwind.pk):
        plan = MilestoneType.objects.order_by("position")[2]
        late = add_step(
            deal=deal, name="<b>Security</b> review", due_on=TODAY - timedelta(days=3), actor=omar, at=NOON, type=plan
        )
        sign = {"their_name": "Ingrid Falk", "our_owner": omar}
        return [late, add_step(deal=deal, name="Sign", due_on=TODAY, actor=omar, at=NOON, **sign)]


def test_a_late_step_says_so_in_words(as_omar: Client, deal: Deal, steps: list[MutualStep]) -> None:
    answer = as_omar.get(f"{HOME}/deals/{deal.pk}/")
    page = text(answer)
    assert "0 of 2 steps done, 1 is late" in page
    assert "Late by 3 days, was due 15 Nov" in page
    assert "Due today" in page
    assert "Omar with Ingrid Falk" in page
    assert "&lt;b&gt;Security&lt;/b&gt; review" in answer.content.decode()


def test_omar_adds_changes_finishes_and_removes_a_step_without_script(
    as_omar: Client, deal: Deal, northwind: Tenant
) -> None:
    new = f"{HOME}/deals/{deal.pk}/steps/new/"
    assert "What is to happen" in text(as_omar.get(new))
    assert "Say what is to happen." in text(as_omar.post(new, {"name": " ", "due_on": "2026-12-04"}), 422)
    answer = as_omar.post(new, {"name": "Pilot", "due_on": "2026-12-04"})
    assert (answer.status_code, answer["Location"]) == (303, f"{HOME}/deals/{deal.pk}/#mutual-plan-h")
    with tenant_scope(northwind.pk):
        step = MutualStep.objects.get()
    edit = f"{HOME}/deals/steps/{step.pk}/"
    given = {"name": "Pilot in one plant", "due_on": "2026-12-11", "version": "1"}
    assert as_omar.post(edit, given).status_code == 303
    assert "was changed by somebody else" in text(as_omar.post(edit, given), 422)
    assert as_omar.post(f"{edit}done/").status_code == 303
    assert "Done today" in text(as_omar.get(f"{HOME}/deals/{deal.pk}/"))
    assert as_omar.post(f"{edit}done/?undo=1").status_code == 303
    assert "By 11 Dec" in text(as_omar.get(f"{HOME}/deals/{deal.pk}/"))
    assert as_omar.post(f"{edit}remove/").status_code == 303
    assert "No step is agreed yet." in text(as_omar.get(f"{HOME}/deals/{deal.pk}/"))


def test_vera_reads_the_plan_and_changes_nothing(as_vera: Client, deal: Deal, steps: list[MutualStep]) -> None:
    answer = as_vera.get(f"{HOME}/deals/{deal.pk}/")
    assert f"steps/{steps[0].pk}/" not in answer.content.decode()
    assert as_vera.post(f"{HOME}/deals/steps/{steps[0].pk}/done/").status_code == 403
    week = text(as_vera.get(f"{HOME}/plan/"))
    assert "There is no plan of yours." in week
    assert "Nothing is planned." not in week


@pytest.fixture
def proposals(northwind: Tenant, omar: Membership, deal: Deal, steps: list[MutualStep]) -> list[StepProposal]:
    """Another day for one step, and a new step."""
    with tenant_scope(northwind.pk):
        asked = Confirmation.objects.create(
            purpose="plan",
            deal=deal,
            to_name="Ingrid Falk",
            language="en",
            channel="link",
            statement="Our plan",
            asked_by=omar,
            asked_at=NOON,
            expires_at=NOON + timedelta(days=30),
            digest=b"x" * 32,
        )
        wanted = [
            Proposed(steps[1], name="Sign", due_on=TODAY + timedelta(days=7), comment="Our board meets then"),
            Proposed(steps[0], name=steps[0].name, due_on=steps[0].due_on),
            Proposed(None, name="Ask the works council", due_on=TODAY + timedelta(days=2)),
        ]
        made = propose(confirmation=asked, proposed=wanted, at=NOON)
        with pytest.raises(TooManyProposals):
            propose(confirmation=asked, proposed=wanted[2:] * 29, at=NOON)
        return made


def test_the_seller_settles_each_proposal_and_nothing_changes_by_itself(
    as_omar: Client, deal: Deal, northwind: Tenant, proposals: list[StepProposal]
) -> None:
    page = text(as_omar.get(f"{HOME}/deals/{deal.pk}/"))
    assert "“Sign” should be done by 25 Nov" in page
    assert "“Our board meets then”" in page
    assert "A new step: “Ask the works council”, by 20 Nov" in page
    assert "Due today" in page
    moved, added = proposals
    assert as_omar.post(f"{HOME}/deals/proposals/{moved.pk}/decline/").status_code == 303
    assert as_omar.post(f"{HOME}/deals/proposals/{added.pk}/accept/").status_code == 303
    assert as_omar.post(f"{HOME}/deals/proposals/{added.pk}/decline/").status_code == 409
    page = text(as_omar.get(f"{HOME}/deals/{deal.pk}/"))
    assert "The customer proposes" not in page
    with tenant_scope(northwind.pk):
        found = [(one.name, one.due_on) for one in MutualStep.objects.order_by("position")][1:]
    assert found == [("Sign", TODAY), ("Ask the works council", TODAY + timedelta(days=2))]


def test_who_holds_the_link_reads_the_plan_and_proposes_without_script(
    as_omar: Client,
    deal: Deal,
    northwind: Tenant,
    omar: Membership,
    steps: list[MutualStep],
    on_wednesday: None,
) -> None:
    with tenant_scope(northwind.pk):
        asked = ask(actor=omar, deal=deal, at=NOON, purpose="plan", name="Ingrid Falk", language="de", channel="link")
        assert asked.confirmation.statement.startswith("15. November 2026: <b>Security</b> review")
    url, client = reverse("link", args=[asked.secret]), Client()
    page = text(client.get(url))
    assert all(
        told in page for told in ("Ingrid Falk, ist das unser Plan?", "War fällig am", "Sign", "Omar · Ingrid Falk")
    )
    form = client.post(url, {"a": "nearly"})
    assert "Ein Schritt, der fehlt" in text(form)
    found = re.search(r'name="key" value="([^"]+)"', form.content.decode())
    assert found is not None
    send = {"a": "nearly", "key": found[1]}
    for step in steps:
        send |= {f"due_{step.pk.hex}": str(step.due_on), f"comment_{step.pk.hex}": ""}
    assert "Ändern Sie einen Tag" in text(client.post(url, {**send, "new_name": ""}), 422)
    assert "Geben Sie einen Tag dafür an." in text(client.post(url, {**send, "new_name": "Betriebsrat"}), 422)
    send |= {f"due_{steps[1].pk.hex}": "2026-11-25", "new_name": "Betriebsrat", "new_due": "2026-11-20"}
    for _press in range(2):
        assert client.post(url, send).status_code == 303
    with tenant_scope(northwind.pk):
        assert [(one.name, one.is_new) for one in StepProposal.objects.order_by("pk")] == [
            ("", False),
            ("Betriebsrat", True),
        ]
    thanks = client.get(url)
    assert "Eine Änderung des Plans" in text(thanks)
    assert "sagt, dass es so heißen muss" not in text(thanks)
    assert all(step.name.replace("<", "&lt;").replace(">", "&gt;") in thanks.content.decode() for step in steps)
    told = text(as_omar.get(f"{HOME}/deals/{deal.pk}/"))
    assert "Proposed a change, 18 Nov" in told
    assert "Nearly, in their words" not in told
    with tenant_scope(northwind.pk):
        assert {one.due_on for one in MutualStep.objects.all()} == {TODAY, TODAY - timedelta(days=3)}
    again = re.search(r'name="key" value="([^"]+)"', client.get(url, {"again": "1"}).content.decode())
    assert again is not None
    client.post(url, {"a": "yes", "key": again[1]})
    agreed = text(client.get(url))
    assert "sagt, dass das stimmt." in agreed
    assert all(told in agreed for told in ("Der Plan, wie er jetzt ist", "Sign", "Omar · Ingrid Falk"))


def test_who_proposed_reads_what_became_of_it(
    as_omar: Client, deal: Deal, northwind: Tenant, omar: Membership, steps: list[MutualStep]
) -> None:
    with tenant_scope(northwind.pk):
        asked = ask(actor=omar, deal=deal, at=NOON, purpose="plan", name="Ingrid Falk", language="de", channel="link")
        later = [Proposed(step, due_on=TODAY + timedelta(days=9)) for step in steps[:2]]
        propose_by_link(confirmation=asked.confirmation, proposed=later, words="-", at=NOON, entry_key=uuid4())
        first, second = StepProposal.objects.order_by("pk")
    url = reverse("link", args=[asked.secret])
    waits = "Der Plan bleibt, wie er ist, bis darauf geantwortet wurde."
    as_omar.post(f"{HOME}/deals/proposals/{first.pk}/accept/")
    assert waits in text(Client().get(url))
    as_omar.post(f"{HOME}/deals/proposals/{second.pk}/decline/")
    page = text(Client().get(url))
    assert "Northwind hat 1 von 2 Änderungen übernommen, die Sie vorgeschlagen haben." in page
    assert waits not in page


@pytest.mark.django_db(transaction=True)
def test_one_proposal_that_is_sent_many_times_at_once_is_kept_once(
    deal: Deal, northwind: Tenant, omar: Membership, steps: list[MutualStep]
) -> None:
    with tenant_scope(northwind.pk):
        asked = ask(actor=omar, deal=deal, at=timezone.now(), purpose="plan", name="Ingrid Falk", channel="link")
    url = reverse("link", args=[asked.secret])
    key = re.search(r'name="key" value="([^"]+)"', Client().post(url, {"a": "nearly"}).content.decode())
    assert key is not None
    send = {"a": "nearly", "key": key[1], "new_name": "Works council", "new_due": "2026-12-20"}
    together = Barrier(8)

    def press() -> int:
        together.wait()
        try:
            return Client().post(url, send).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert {one.result() for one in [pool.submit(press) for _ in range(8)]} == {303}
    with tenant_scope(northwind.pk):
        assert StepProposal.objects.count() == 1


def test_omar_shows_the_plan_by_a_letter_or_a_link(
    as_omar: Client, deal: Deal, northwind: Tenant, steps: list[MutualStep]
) -> None:
    share = f"{HOME}/deals/{deal.pk}/steps/share/"
    assert share in as_omar.get(f"{HOME}/deals/{deal.pk}/").content.decode()
    given = {"name": "Ingrid Falk", "language": "en", "channel": "link"}
    assert "Give a name, or choose somebody." in text(as_omar.post(share, {**given, "name": ""}), 422)
    assert "Copy the link now." in text(as_omar.post(share, given))
    mail = {**given, "channel": "mail", "email": "ingrid@example.com"}
    assert as_omar.post(share, mail)["Location"] == f"{HOME}/deals/{deal.pk}/#mutual-plan-h"
    with tenant_scope(northwind.pk):
        MutualStep.objects.all().delete()
    assert "Nothing is planned yet." in text(as_omar.post(share, given), 422)


def test_a_second_press_shows_the_plan_to_nobody_anew(
    as_omar: Client, deal: Deal, northwind: Tenant, steps: list[MutualStep]
) -> None:
    share = f"{HOME}/deals/{deal.pk}/steps/share/"
    found = re.search(r'name="entry_key" value="([^"]+)"', as_omar.get(share).content.decode())
    assert found is not None
    given = {"name": "Ingrid Falk", "email": "ingrid@example.com", "language": "en", "entry_key": found[1]}
    for _press in range(2):
        assert as_omar.post(share, {**given, "channel": "mail"}).status_code == 303
    with tenant_scope(northwind.pk):
        assert Confirmation.objects.count() == 1


def test_a_proposal_was_made_on_the_day_that_the_organisation_had(
    as_omar: Client, deal: Deal, northwind: Tenant, omar: Membership, steps: list[MutualStep], on_wednesday: None
) -> None:
    after_midnight = datetime(2026, 11, 17, 23, 30, tzinfo=UTC)
    with tenant_scope(northwind.pk):
        Tenant.objects.filter(pk=northwind.pk).update(time_zone="Europe/Berlin")
        asked = ask(actor=omar, deal=deal, at=after_midnight, purpose="plan", name="Ingrid Falk", channel="link")
        said = Proposed(steps[1], comment="After the review")
        propose(confirmation=asked.confirmation, proposed=[said], at=after_midnight)
    assert "The holder of the link for Ingrid Falk, today" in text(as_omar.get(f"{HOME}/deals/{deal.pk}/"))
