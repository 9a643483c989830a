"""Programs that are told of events: signed, in order, once in effect, and never another organisation's."""

from __future__ import annotations

import socket
import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from standardwebhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from accounts.integrations import webhooks
from accounts.models import AuditEvent, Delivery, Letter, Membership, Webhook
from accounts.models.organisation import Role
from accounts.refusals import Invalid
from accounts.services.members import change_role, deactivate_member
from accounts.services.webhooks import add_webhook, change_webhook, rotate_secret
from accounts.tenancy.scope import tenant_scope
from strategy.models import Company
from tests.accounts.test_events import relayed
from tests.api import RECEIVER, Program, make_secret
from tests.make import NOON, make_member
from tests.receivers import Got, Receiver, receiving


@pytest.fixture(autouse=True)
def own_machine(settings: Any) -> None:
    """Receivers of these tests listen here."""
    settings.OUTBOUND_NETWORKS = ["127.0.0.0/8"]


def follow(member: Membership, receiver: Receiver, *types: str) -> str:
    """A webhook to the receiver; its secret."""
    with tenant_scope(member.tenant_id):
        return add_webhook(actor=member, url=receiver.url, types=types, at=NOON).secret


def happen(member: Membership, *names: str) -> None:
    with tenant_scope(member.tenant_id):
        for name in names:
            Company.objects.create(name=name)
    relayed(member)


def deliver(after: timedelta = timedelta()) -> int:
    """As a worker does when the clock rings, so much later."""
    return webhooks.deliver(clock=lambda: timezone.now() + after)


def test_events_come_in_order_by_one_connection_and_their_signature_is_good(lena: Membership) -> None:
    with receiving() as receiver:
        secret = follow(lena, receiver, "company.created")
        happen(lena, *(f"Company {number}" for number in range(230)))
        assert deliver() == 230
        assert deliver() == 0
    assert (len(receiver.got), receiver.connections) == (230, 1)
    told = Verifier(secret).verify(receiver.got[0].body, receiver.got[0].headers)
    read = Program(make_secret(lena)).get(told["data"]["subject"]["url"]).json()
    assert (told["type"], told["data"]["id"], read["name"]) == ("company.created", receiver.got[0].id, "Company 0")
    feed = Program(make_secret(lena)).get("events?limit=100").json()["data"]
    assert [event["id"] for event in feed] == [got.id for got in receiver.got[:100]]
    assert told["data"] == feed[0]
    with pytest.raises(WebhookVerificationError):
        Verifier(webhooks.new_secret()).verify(receiver.got[0].body, receiver.got[0].headers)
    # The secret is told once, and lies nowhere as it is.
    with tenant_scope(lena.tenant_id):
        assert secret.encode() not in bytes(Webhook.objects.get().secret)


def test_nothing_of_another_organisation_and_no_type_that_was_not_asked_for(lena: Membership, eve: Membership) -> None:
    with receiving() as mine, receiving() as theirs:
        follow(lena, mine, "company.created")
        follow(eve, theirs)
        happen(lena, "Alder Foods")
        happen(eve, "Birch Foods")
        with tenant_scope(lena.tenant_id):
            Company.objects.update(industry="Food")
        relayed(lena)
        deliver()
    assert [got.told["type"] for got in mine.got] == ["company.created"]
    assert {got.id for got in mine.got}.isdisjoint(got.id for got in theirs.got)
    assert len(theirs.got) == 1


def test_one_that_is_not_taken_holds_up_the_line_for_five_minutes_and_is_then_set_aside(lena: Membership) -> None:
    refused: list[str] = []

    def reply(got: Got) -> int:
        refused[:] = refused or [got.id]
        return 500 if got.id == refused[0] else 204

    with receiving(reply) as receiver:
        follow(lena, receiver)
        happen(lena, "Alder Foods", "Birch Foods")
        assert deliver() == 1
        assert deliver() == 0  # in its time
        assert deliver(timedelta(seconds=7)) == 1
        # After the third time the others go on without it.
        assert deliver(timedelta(seconds=7) + timedelta(minutes=7)) == 2
        assert [got.id == refused[0] for got in receiver.got] == [True, True, True, False]
        receiver.reply = lambda _: 200
        assert deliver(timedelta(minutes=50)) == 1
    shown = Program(make_secret(lena))
    hook = shown.get("webhooks").json()["data"][0]
    log = shown.get(f"webhooks/{hook['id']}/deliveries").json()["data"]
    assert [(one["state"], one["attempts"], one["status"]) for one in log] == [
        ("delivered", 1, 204),
        ("delivered", 4, 200),
    ]
    assert (hook["behind"], hook["retry_at"]) == (0, None)


def test_an_address_that_takes_nothing_for_three_days_is_switched_off_and_the_owners_are_told(
    lena: Membership,
) -> None:
    with receiving(lambda _: 503) as receiver:
        follow(lena, receiver)
        happen(lena, "Alder Foods")
        for number in range(10):
            # Whenever it is due, by the clock of this test.
            with tenant_scope(lena.tenant_id):
                due = Webhook.objects.get().retry_at or timezone.now()
            assert deliver(due - timezone.now() + timedelta(seconds=1)) == 1, number
        assert len(receiver.got) == 10
    with tenant_scope(lena.tenant_id):
        assert Webhook.objects.values_list("is_active", "ended").get() == (False, "failed")
        assert AuditEvent.objects.filter(verb="webhook.ended").count() == 1
    assert Letter.objects.filter(kind="webhook_ended").count() == 1


def test_one_that_says_it_is_gone_is_asked_no_more_until_somebody_switches_it_on(lena: Membership) -> None:
    with receiving(lambda _: 410) as receiver:
        follow(lena, receiver)
        happen(lena, "Alder Foods", "Birch Foods")
        assert deliver() == 1
        assert deliver(timedelta(days=9)) == 0
        receiver.reply = lambda _: 204
        program = Program(make_secret(lena))
        hook = program.get("webhooks").json()["data"][0]
        assert (hook["is_active"], hook["ended"]) == (False, "gone")
        assert program.post(f"webhooks/{hook['id']}/test", None).json()["code"] == "webhook_off"
        log = program.get(f"webhooks/{hook['id']}/deliveries").json()["data"]
        assert [(one["state"], one["next_try_at"]) for one in log] == [("failed", None)]
        program.patch(f"webhooks/{hook['id']}", {"is_active": True}, If_Match="*")
        # It begins with the one that it could not take.
        assert deliver() == 2
        assert [got.id for got in receiver.got] == [receiver.got[0].id, *receiver.seen]


def test_an_address_that_was_mended_is_sent_at_once_what_waited(lena: Membership) -> None:
    with receiving(lambda _: 500) as broken, receiving() as mended:
        follow(lena, broken)
        happen(lena, "Alder Foods", "Birch Foods")
        assert deliver() == 1
        assert deliver(timedelta(seconds=7)) == 1  # and again only in five minutes
        with tenant_scope(lena.tenant_id):
            change_webhook(webhook=Webhook.objects.get(), actor=lena, url=mended.url, at=timezone.now())
        assert deliver() == 2
        assert list(mended.seen) == [broken.got[0].id, mended.got[1].id]


def test_who_may_have_webhooks_no_more_keeps_none_and_an_owner_takes_them_over(lena: Membership) -> None:
    leo = make_member("leo", tenant=lena.tenant, role=Role.LEADER)
    program = Program(make_secret(lena))
    with receiving() as receiver:
        follow(leo, receiver)
        deeds = (
            lambda: change_role(member=leo, to=Role.REP, actor=lena, at=NOON),
            lambda: deactivate_member(member=leo, actor=lena, at=NOON),
        )
        for number, deed in enumerate(deeds, 1):
            with tenant_scope(lena.tenant_id):
                change_role(member=leo, to=Role.LEADER, actor=lena, at=NOON)
                hook = Webhook.objects.get()
                change_webhook(webhook=hook, actor=lena, is_active=False, at=NOON)
                change_webhook(webhook=hook, actor=leo, is_active=True, at=NOON)
                deed()
            happen(lena, f"Company {number}")
            assert deliver() == 0
            told = program.get("webhooks").json()["data"][0]
            assert (told["ended"], told["kept_by"]["name"]) == ("keeper", "Leo")
            program.patch(f"webhooks/{told['id']}", {"is_active": True}, If_Match="*")
            assert program.get(f"webhooks/{told['id']}").json()["kept_by"]["name"] == "Lena"
            assert deliver() == 1  # nothing was missed
    with tenant_scope(lena.tenant_id):
        stopped = AuditEvent.objects.filter(verb="webhook.stopped").values_list("data__keeper", flat=True)
        assert list(stopped) == ["Leo", "Leo"]
        last = AuditEvent.objects.filter(verb="webhook.changed").latest("pk")
        assert last.data["changed"] == {"is_active": [False, True], "kept_by": ["Leo", "Lena"]}
    assert Letter.objects.filter(kind="webhook_ended").count() == 2


def test_who_leads_a_webhook_elsewhere_keeps_it(lena: Membership) -> None:
    """Or what a leader sent home would go on by the right of who added it."""
    leo = make_member("leo", tenant=lena.tenant, role=Role.LEADER)
    with receiving() as hers, receiving() as his:
        follow(lena, hers)
        with tenant_scope(lena.tenant_id):
            hook = Webhook.objects.get()
            assert change_webhook(webhook=hook, actor=leo, types=["company.created"], at=NOON).kept_by == lena
            assert change_webhook(webhook=hook, actor=leo, url=his.url, at=NOON).kept_by == leo
            change_role(member=leo, to=Role.REP, actor=lena, at=NOON)
        happen(lena, "Alder Foods")
        assert (deliver(), his.got) == (0, [])


def test_who_lost_the_right_while_a_name_was_looked_up_keeps_nothing(
    lena: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    leo = make_member("leo", tenant=lena.tenant, role=Role.LEADER)
    looked_up = socket.getaddrinfo

    def slowly(*args: Any, **kwargs: Any) -> Any:
        # The servers of a name belong to whoever owns it, and may take their time.
        monkeypatch.setattr(socket, "getaddrinfo", looked_up)
        held = Membership.objects.get(pk=leo.pk)
        change_role(member=held, to=Role.REP, actor=lena, at=NOON)
        return looked_up(*args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    with receiving() as receiver:
        follow(leo, receiver)
        happen(lena, "Alder Foods")
        assert (deliver(), receiver.got) == (0, [])
    told = Program(make_secret(lena)).get("webhooks").json()["data"][0]
    assert (told["is_active"], told["ended"]) == (False, "keeper")
    assert Letter.objects.filter(kind="webhook_ended").count() == 1


def test_for_a_day_both_secrets_are_good(lena: Membership) -> None:
    with receiving() as receiver:
        old = follow(lena, receiver)
        with tenant_scope(lena.tenant_id):
            new = rotate_secret(webhook=Webhook.objects.get(), actor=lena, at=timezone.now()).secret
        happen(lena, "Alder Foods")
        deliver()
        for secret in (old, new):
            Verifier(secret).verify(receiver.got[0].body, receiver.got[0].headers)
        happen(lena, "Birch Foods")
        deliver(timedelta(hours=25))
    signatures = receiver.got[1].headers["webhook-signature"].split()
    assert len(signatures) == 1


def test_events_are_sent_again_under_the_ids_that_they_had(lena: Membership, eve: Membership) -> None:
    program = Program(make_secret(lena))
    with receiving() as receiver:
        follow(lena, receiver)
        happen(lena, "Alder Foods", "Birch Foods", "Cedar Foods")
        happen(eve, "Dogwood Foods")
        deliver()
        hook = program.get("webhooks").json()["data"][0]["id"]
        ids = [got.id for got in receiver.got]
        assert program.post(f"webhooks/{hook}/replay", {"event": ids[1], "only_this": True}).status_code == 200
        deliver()
        assert program.post(f"webhooks/{hook}/replay", {"event": ids[1]}).status_code == 200
        deliver()
        assert program.post(f"webhooks/{hook}/test", None).status_code == 200
        relayed(lena)
        deliver()
        assert [got.id for got in receiver.got[:-1]] == [*ids, ids[1], ids[1], ids[2]]
        assert receiver.got[-1].told["type"] == "webhook.tested"
        theirs = Program(make_secret(eve)).get("events").json()["next_cursor"]
        refused = program.post(f"webhooks/{hook}/replay", {"event": theirs})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/event")


def test_a_slow_address_of_one_organisation_does_not_keep_another_waiting(lena: Membership, eve: Membership) -> None:
    def slowly(_: Got) -> int:
        time.sleep(1.5)
        return 204

    with receiving(slowly) as slow, receiving() as fast:
        for _ in range(6):
            follow(lena, slow)
        follow(eve, fast)
        happen(lena, "Alder Foods", "Birch Foods")
        happen(eve, "Birch Foods")
        began = time.monotonic()
        ends = began + 1
        webhooks.deliver(clock=timezone.now, until=lambda: time.monotonic() > ends)
        assert fast.got[0].at - began < 1
        # Of one organisation only so many are served at once.
        assert len({got.headers["webhook-id"] for got in slow.got}) == 1
        assert len(slow.got) <= webhooks.USUAL.each * 2


@pytest.mark.parametrize(
    "url",
    [
        *(
            "https://10.0.0.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://[::ffff:10.0.0.1]/",
            "ftp://8.8.8.8",
        ),
        *(
            "https://localhost.:8443/",
            "https://0x0a.1/",
            "http://8.8.8.8/",
            "https://8.8.8.8:22/",
            "https://a@8.8.8.8/",
        ),
        *("https://8.8.8.8/\n", "https://8.8.8.8/#a", "https://", "javascript:alert(1)", "https://[8.8.8.8", "x" * 501),
        *("https://8.8.8.8/\N{SNOWMAN}", "https://8.8.8.8:0x50/", "https://8.8.8.8:99999/", "https://no.such.invalid/"),
    ],
)
def test_no_webhook_leads_inside(lena: Membership, inside_northwind: Any, settings: Any, url: str) -> None:
    settings.OUTBOUND_NETWORKS = []
    if url.endswith("\n"):
        url = url.replace("/\n", "/\nx")
    with pytest.raises(Invalid):
        add_webhook(actor=lena, url=url, at=NOON)


def test_a_name_that_changes_its_mind_and_an_answer_that_leads_elsewhere_gain_nothing(
    lena: Membership, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as inside, receiving(lambda _: 302, location=inside.url) as outside:
        follow(lena, outside)
        happen(lena, "Alder Foods")
        deliver()
        assert (len(outside.got), inside.got) == (1, [])
        with tenant_scope(lena.tenant_id):
            Webhook.objects.update(url="https://example.org/hook", retry_at=None, held_by=None)
        settings.OUTBOUND_NETWORKS = []
        asked = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", int(inside.url.split(":")[2][:-5])))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: asked)
        happen(lena, "Birch Foods")
        deliver()
    with tenant_scope(lena.tenant_id):
        assert inside.got == []
        assert Delivery.objects.order_by("-pk")[0].problem == "not_allowed"


def test_a_program_makes_a_webhook_and_is_shown_its_secret_once(lena: Membership, omar: Membership) -> None:
    program = Program(make_secret(lena))
    made = program.post("webhooks", {"url": RECEIVER, "types": ["deal.moved"]}, Idempotency_Key="one")
    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    again = program.post("webhooks", {"url": RECEIVER, "types": ["deal.moved"]}, Idempotency_Key="one")
    assert (again.json()["id"], again.json()["secret"]) == (made.json()["id"], None)
    refused = program.post("webhooks", {"url": "https://10.0.0.1/", "types": ["deal.sneezed"]})
    assert refused.status_code == 422
    assert Program(make_secret(omar)).get("webhooks").status_code == 403
