"""Ingrid of Brightwater is asked by a link whether she agreed, without an account."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import AuditEvent, EmailDomain, Membership, Tenant
from accounts.refusals import Invalid
from accounts.tenancy.scope import tenant_scope
from outcomes import services
from outcomes.models import Confirmation, ConfirmationAnswer, Milestone, MilestoneEvent, MilestoneType
from outcomes.services.milestones import check_milestone
from outcomes.services.milestones.refusals import OwnMilestone
from strategy.models import Contact, Deal
from strategy.services import move_deal
from strategy.services.refusals import DealIsOpen
from tests.make import NOON, make_member, stage
from tests.post import letters, link_in

KEY = re.compile(r'name="key" value="([^"]+)"')
Ask = Callable[..., str]


@pytest.fixture
def ingrid(northwind: Tenant, deal: Deal) -> Contact:
    with tenant_scope(northwind.pk):
        return Contact.objects.create(name="Ingrid Falk", email="ingrid@brightwater.example", company=deal.company)


@pytest.fixture
def ask(northwind: Tenant, omar: Membership, deal: Deal, ingrid: Contact, on_wednesday: None) -> Ask:
    """Asks Ingrid about the goal, which was recorded; gives the address of the link."""

    def asked(**given: Any) -> str:
        with tenant_scope(northwind.pk):
            goal = MilestoneType.objects.get(name="Goal agreed")
            if not Milestone.objects.exists():
                services.record_milestone(actor=omar, deal=deal, type=goal, at=NOON, words="Leakage from 18% to 12%")
            usual = {"contact": ingrid, "type": goal, **given}
            made = services.ask(actor=omar, deal=deal, at=NOON, **usual)
        return f"/c/{made.secret}/"

    return asked


@pytest.fixture
def buyer() -> Client:
    return Client(enforce_csrf_checks=True)


def press(buyer: Client, url: str, a: str, **given: Any) -> Any:
    """Presses a button of the page as a browser does, with the token that is in it."""
    page = buyer.get(url, {"again": "1"} if a in ("yes", "no", "reason") else {}).content.decode()
    if a == "nearly":
        page = buyer.post(url, {"a": "nearly", "key": KEY.findall(page)[0]}).content.decode()
    return buyer.post(url, {"a": a, "key": KEY.findall(page)[0], **given})


def on_record(northwind: Tenant) -> tuple[list[ConfirmationAnswer], list[MilestoneEvent], Milestone]:
    with tenant_scope(northwind.pk):
        events = MilestoneEvent.objects.exclude(answer=None).order_by("pk")
        return list(ConfirmationAnswer.objects.order_by("pk")), list(events), Milestone.objects.get()


class TestLetter:
    def test_is_written_in_her_language_and_answered_to_omar(self, ask: Ask, buyer: Client) -> None:
        ask(channel="mail", language="de")
        letter = letters(to="ingrid@brightwater.example")[0]
        assert letter.reply_to == "omar@example.com"
        assert "Leakage from 18% to 12%" in letter.body
        page = buyer.get(link_in(letter)).content.decode()
        assert '<html lang="de"' in page
        assert "Leakage from 18% to 12%" in page

    def test_secret_is_kept_nowhere(self, ask: Ask, northwind: Tenant) -> None:
        secret = ask().removeprefix("/c/").rstrip("/")
        with tenant_scope(northwind.pk):
            row = Confirmation.objects.values().get()
        assert len(secret) == 43
        assert secret not in str(row)

    def test_nobody_is_asked_a_fifth_time_in_a_month(self, ask: Ask, northwind: Tenant) -> None:
        for _ in range(4):
            ask()
        with pytest.raises(services.AskedOften) as refused:
            ask()
        assert "18 December 2026" in str(refused.value)


class TestPage:
    def test_asks_and_stores_nothing_in_the_browser(self, ask: Ask, buyer: Client, northwind: Tenant) -> None:
        url = ask()
        answer = buyer.get(url)
        page = answer.content.decode()
        assert "Ingrid, did we get this right?" in page
        assert "We wrote down what we believe you agreed on 18 November. It counts only if you say so." in page
        assert "Northwind sees when you open it" in page
        assert not buyer.cookies
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["Cache-Control"] == "private, no-store"
        assert "noindex" in answer["X-Robots-Tag"]

    def test_scanner_that_opens_it_changes_nothing(self, ask: Ask, buyer: Client, northwind: Tenant) -> None:
        url = ask()
        with tenant_scope(northwind.pk):
            before = Confirmation.objects.values().get()
        buyer.get(url), buyer.head(url), buyer.get(url, {"a": "yes", "lang": "fr"}), buyer.options(url)
        with tenant_scope(northwind.pk):
            assert Confirmation.objects.values().get() == before
        assert on_record(northwind)[0] == []

    def test_says_that_it_was_looked_at(self, ask: Ask, buyer: Client, northwind: Tenant) -> None:
        url = ask()
        assert buyer.post(url, {"a": "opened"}).status_code == 204
        with time_machine.travel(NOON + timedelta(days=2), tick=False):
            buyer.post(url, {"a": "opened"})
        with tenant_scope(northwind.pk):
            asked = Confirmation.objects.get()
        assert asked.opened_at
        assert asked.opened_last_at
        assert (asked.opened_last_at - asked.opened_at).days == 1  # a part of a second less than two
        assert asked.answered_at is None

    @pytest.mark.parametrize("language", ["en", "de", "fr", "es", "nl"])
    def test_speaks_five_languages_and_leaves_the_statement_alone(self, ask: Ask, buyer: Client, language: str) -> None:
        page = buyer.get(ask(language="en"), {"lang": language}).content.decode()
        assert f'<html lang="{language}"' in page
        assert "Leakage from 18% to 12%" in page
        assert ("did we get this right?" in page) is (language == "en")


class TestAnswer:
    def test_yes_confirms_what_was_asked(self, ask: Ask, buyer: Client, northwind: Tenant) -> None:
        url = ask()
        assert press(buyer, url, "yes").status_code == 303
        answers, (event,), milestone = on_record(northwind)
        assert (event.kind, event.grade, event.words) == ("confirmed", 3, "Leakage from 18% to 12%")
        assert (event.actor_id, event.answer_id, event.agreed_by) == (None, answers[0].pk, "Ingrid Falk")
        assert (milestone.state, milestone.grade) == ("reached", 3)
        assert "the holder of the link sent to ingrid@brightwater.example" in buyer.get(url).content.decode()
        with tenant_scope(northwind.pk):
            assert AuditEvent.objects.filter(verb="confirmation.answered", actor=None).count() == 1

    def test_nearly_makes_her_words_the_record(self, ask: Ask, buyer: Client, northwind: Tenant) -> None:
        press(buyer, ask(), "nearly", words="Leakage from 18% to 14% \u202eby 2029 🙂")
        _, (event,), milestone = on_record(northwind)
        assert (event.kind, event.grade) == ("confirmed", 3)
        assert milestone.words == "Leakage from 18% to 14% \u202eby 2029 🙂"

    def test_no_contradicts(self, ask: Ask, buyer: Client, northwind: Tenant) -> None:
        press(buyer, ask(), "no")
        _, (event,), milestone = on_record(northwind)
        assert (event.kind, milestone.state) == ("contradicted", "contradicted")

    def test_confidence_and_words_are_added_by_an_answer_of_their_own(
        self, ask: Ask, buyer: Client, northwind: Tenant
    ) -> None:
        url = ask()
        press(buyer, url, "yes")
        assert press(buyer, url, "more", confidence="8", comment="Ask <b>Joan</b>").status_code == 303
        answers, events, milestone = on_record(northwind)
        assert [(one.said, one.confidence, one.comment) for one in answers] == [
            ("yes", None, ""),
            ("yes", 8, "Ask <b>Joan</b>"),
        ]
        assert len(events) == 2
        assert milestone.confidence == 8
        assert "Ask &lt;b&gt;Joan&lt;/b&gt;" in buyer.get(url).content.decode()

    def test_what_was_added_stays_when_more_is_added(self, ask: Ask, buyer: Client, northwind: Tenant) -> None:
        url = ask()
        press(buyer, url, "yes")
        press(buyer, url, "more", confidence="8")
        press(buyer, url, "more", comment="Joan agrees")
        press(buyer, url, "more")
        answers, _, milestone = on_record(northwind)
        assert [(one.confidence, one.comment) for one in answers] == [(None, ""), (8, ""), (8, "Joan agrees")]
        assert milestone.confidence == 8

    def test_second_answer_is_a_new_event(self, ask: Ask, buyer: Client, northwind: Tenant) -> None:
        url = ask()
        press(buyer, url, "yes")
        press(buyer, url, "no")
        answers, events, milestone = on_record(northwind)
        assert [one.said for one in answers] == ["yes", "no"]
        assert [one.kind for one in events] == ["confirmed", "contradicted"]
        assert milestone.state == "contradicted"

    def test_one_press_sent_often_counts_once(self, ask: Ask, buyer: Client, northwind: Tenant) -> None:
        url = ask()
        key = KEY.findall(buyer.get(url).content.decode())[0]
        for _ in range(5):
            assert buyer.post(url, {"a": "yes", "key": key}).status_code == 303
        answers, events, _ = on_record(northwind)
        assert (len(answers), len(events)) == (1, 1)

    @pytest.mark.parametrize(
        "given",
        [
            {"a": "yes", "key": "forged"},
            {"a": "yes"},
            {"a": "perhaps"},
            {"a": ""},
            {"a": "nearly", "words": ""},
            {"a": "nearly", "words": "x" * 2001},
            {"a": "nearly", "words": "a\0b"},
        ],
    )
    def test_what_cannot_be_used_is_told_and_nothing_stored(
        self, ask: Ask, buyer: Client, northwind: Tenant, given: dict[str, str]
    ) -> None:
        url = ask()
        given = {"key": KEY.findall(buyer.get(url).content.decode())[0], **given} if "key" not in given else given
        if given == {"a": "yes", "key": given["key"]} and given["key"] != "forged":
            given = {"a": "yes"}
        answer = buyer.post(url, given)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.content.decode()
        assert on_record(northwind)[0] == []

    @pytest.mark.parametrize("confidence", ["11", "-1", "ten", "5.5", "1" * 400])
    def test_confidence_is_a_number_up_to_ten(
        self, ask: Ask, buyer: Client, northwind: Tenant, confidence: str
    ) -> None:
        url = ask()
        press(buyer, url, "yes")
        answer = press(buyer, url, "more", confidence=confidence)
        assert answer.status_code == 422
        assert "Choose a number from 0 to 10." in answer.content.decode()
        assert len(on_record(northwind)[0]) == 1

    def test_statement_is_shown_as_text(self, ask: Ask, buyer: Client) -> None:
        page = buyer.get(ask(statement="<script>alert(1)</script> **so** {{ x }}")).content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt; **so** {{ x }}" in page

    def test_answer_after_the_deal_is_over_is_kept_and_the_ledger_stays(
        self, ask: Ask, buyer: Client, northwind: Tenant, omar: Membership, deal: Deal
    ) -> None:
        url = ask()
        with tenant_scope(northwind.pk):
            deal.refresh_from_db()
            move_deal(deal=deal, to=stage("No decision"), actor=omar, at=NOON)
        assert press(buyer, url, "yes").status_code == 303
        answers, events, milestone = on_record(northwind)
        assert (len(answers), events, milestone.grade) == (1, [], 0)

    def test_answer_for_a_closed_period_is_kept_and_the_ledger_stays(
        self, ask: Ask, buyer: Client, northwind: Tenant
    ) -> None:
        url = ask()
        with tenant_scope(northwind.pk):
            Tenant.objects.filter(pk=northwind.pk).update(closed_until=NOON.date())
        press(buyer, url, "yes")
        answers, events, _ = on_record(northwind)
        assert (len(answers), events) == (1, [])


class TestEnd:
    def test_revoked_link_says_nothing_of_anybody(
        self, ask: Ask, buyer: Client, northwind: Tenant, omar: Membership
    ) -> None:
        url = ask()
        with tenant_scope(northwind.pk):
            services.revoke_confirmation(confirmation=Confirmation.objects.get(), actor=omar, at=NOON)
        answer = buyer.get(url)
        page = answer.content.decode()
        assert answer.status_code == 410
        assert not any(name in page for name in ("Omar", "Northwind", "Ingrid", "Leakage"))
        assert buyer.post(url, {"a": "yes"}).status_code == 410
        assert buyer.post(url, {"a": "opened"}).status_code == 410
        assert on_record(northwind)[0] == []

    def test_expired_link_names_whom_to_write_to(self, ask: Ask, buyer: Client, northwind: Tenant) -> None:
        url = ask(days=1)
        with time_machine.travel(NOON + timedelta(days=1), tick=True):
            answer = buyer.get(url)
            assert answer.status_code == 410
            assert "write to Omar, Northwind" in answer.content.decode()
            assert buyer.post(url, {"a": "yes"}).status_code == 410

    @pytest.mark.parametrize("secret", ["x", "A" * 43, "é" * 43, "%00" + "A" * 42, "A" * 44, "A" * 5000])
    def test_made_up_link_opens_nothing(self, buyer: Client, northwind: Tenant, secret: str) -> None:
        for answer in (buyer.get(f"/c/{secret}/"), buyer.post(f"/c/{secret}/", {"a": "yes"})):
            assert answer.status_code in (404, 400)

    def test_addresses_that_ask_too_often_wait(self, ask: Ask, buyer: Client) -> None:
        answers: list[int] = []
        # Two a second come back, also while a slow machine asks.
        while 429 not in answers and len(answers) < 600:
            answers.append(buyer.get("/c/x/").status_code)
        assert {*answers[:120]} == {404}
        assert answers[-1] == 429


class TestWhoAnswers:
    def test_copied_link_gives_evidence_and_no_confirmation(
        self,
        ask: Ask,
        buyer: Client,
        northwind: Tenant,
        omar: Membership,
        mara: Membership,
        as_omar: Client,
        deal: Deal,
    ) -> None:
        url = ask(channel="link")
        press(buyer, url, "yes")
        _, (event,), milestone = on_record(northwind)
        assert (event.kind, event.grade, milestone.grade) == ("confirmed", 1, 1)
        assert "the holder of a copied link made for Ingrid Falk says" in buyer.get(url).content.decode()
        page = as_omar.get(f"/o/northwind/deals/{deal.pk}/").content.decode()
        assert "Confirmed by the holder of a copied link." in page
        # He held the link himself: what it says is no second member's check.
        with tenant_scope(northwind.pk):
            with pytest.raises(OwnMilestone):
                check_milestone(milestone=milestone, actor=omar, at=NOON, note="Saw it")
            assert check_milestone(milestone=milestone, actor=mara, at=NOON, note="Called her").grade == 2

    def test_browser_of_a_member_reads_and_answers_nothing(
        self, ask: Ask, as_omar: Client, northwind: Tenant, eve: Membership
    ) -> None:
        url = ask()
        for answer in (as_omar.get(url), as_omar.post(url, {"a": "opened"}), as_omar.post(url, {"a": "yes"})):
            assert answer.status_code == 403
        told = as_omar.get(url, {"lang": "de"}).content.decode()
        assert "Im Browser von Ingrid Falk funktioniert der Link." in told
        assert "data-opened" not in told
        assert on_record(northwind)[0] == []
        # Who is signed in elsewhere may well be the customer.
        eves = Client()
        eves.force_login(eve.user)
        assert press(eves, url, "yes").status_code == 303

    @pytest.mark.parametrize(
        "email",
        [
            *("omar@example.com", "Mara+ingrid@example.com", '"omar"@example.com', "ingrid@mail.northwind.example"),
            *("leo@example.com", "Leo+ingrid@example.com", "ingrid@Bücher.example"),
        ],
    )
    def test_nobody_asks_their_own_people(self, ask: Ask, northwind: Tenant, mara: Membership, email: str) -> None:
        make_member("leo+sells", tenant=northwind)
        with tenant_scope(northwind.pk):
            for domain in ("mail.northwind.example", "xn--bcher-kva.example"):
                EmailDomain.objects.create(domain=domain, challenge="x", verified_at=NOON)
            EmailDomain.objects.create(domain="brightwater.example", challenge="x")  # said and not proven
        ask()
        for channel in ("mail", "link"):
            with pytest.raises(Invalid) as refused:
                ask(contact=None, name="Ingrid", email=email, channel=channel)
            assert set(refused.value.fields) == {"email"}

    def test_how_sure_is_not_asked_after_a_no(self, ask: Ask, buyer: Client, northwind: Tenant) -> None:
        url = ask()
        press(buyer, url, "no")
        assert "confidence" not in buyer.get(url).content.decode()
        press(buyer, url, "more", confidence="8", comment="Ask Joan")
        assert [(one.confidence, one.comment) for one in on_record(northwind)[0]] == [(None, ""), (None, "Ask Joan")]


class TestReason:
    def test_customer_says_why(self, ask: Ask, buyer: Client, northwind: Tenant, omar: Membership, deal: Deal) -> None:
        ask()
        with tenant_scope(northwind.pk):
            deal.refresh_from_db()
            move_deal(deal=deal, to=stage("No decision"), actor=omar, at=NOON)
        url = ask(type=None, purpose="end_reason")
        assert press(buyer, url, "reason", cause="lost", words="Budget went to pumps").status_code == 303
        answers, events, _ = on_record(northwind)
        assert (answers[0].cause, answers[0].words, events) == ("lost", "Budget went to pumps", [])
        with tenant_scope(northwind.pk):
            deal.refresh_from_db()
        assert deal.end_cause == "no_decision"
        assert press(buyer, url, "reason", cause="spite").status_code == 422

    def test_is_not_asked_of_a_deal_that_is_open(self, ask: Ask) -> None:
        with pytest.raises(DealIsOpen):
            ask(type=None, purpose="end_reason")
