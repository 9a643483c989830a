"""A program asks customers, and reads what they answered."""

from __future__ import annotations

from uuid import uuid4

from accounts.tenancy.scope import tenant_scope
from outcomes import services
from outcomes.models import Confirmation
from tests.api import Program
from tests.furnished import Furnished
from tests.make import NOON
from tests.post import letters


def test_program_makes_a_link_once_and_takes_it_back(furnished: Furnished, db: None) -> None:
    program, things = Program(furnished.secrets["lena"]), furnished.northwind
    body = {"deal": things.deal, "type": things.mty, "name": "Ingrid <b>Falk</b>", "channel": "link", "language": "nl"}
    key = {"Idempotency-Key": str(uuid4())}
    first, again = (program.post("confirmations", body, **key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    made = first.json()
    assert "/c/" in made["link"]
    assert again.json() == {**made, "link": None}
    assert program.get(f"confirmations/{made['id']}").json() == {n: v for n, v in made.items() if n != "link"}
    assert program.delete(f"confirmations/{made['id']}").status_code == 204
    assert program.delete(f"confirmations/{made['id']}").status_code == 204
    assert program.get(f"confirmations/{made['id']}").json()["revoked_at"] is not None


def test_letter_carries_the_link_and_the_answer_does_not(furnished: Furnished, db: None) -> None:
    program, things = Program(furnished.secrets["lena"]), furnished.northwind
    body = {"deal": things.deal, "type": things.mty, "name": "Ingrid Falk", "email": "Ingrid@Brightwater.example"}
    made = program.post("confirmations", body).json()
    assert (made["link"], made["email"], made["channel"]) == (None, "ingrid@brightwater.example", "mail")
    assert len(letters(to="ingrid@brightwater.example")) == 1


def test_answers_stand_inside(furnished: Furnished, db: None) -> None:
    program, things = Program(furnished.secrets["lena"]), furnished.northwind
    with tenant_scope(furnished.members["lena"].tenant_id):
        asked = Confirmation.objects.get()
        services.answer(confirmation=asked, at=NOON, said="yes", confidence=9, comment="Yes 🙂")
    (answer,) = program.get(f"confirmations/{things.cnf}").json()["answers"]
    told = (answer["said"], answer["confidence"], answer["comment"], answer["in_ledger"], answer["cause"])
    assert told == ("yes", 9, "Yes 🙂", True, None)
    # The link was copied: it is an artefact, and known no better than the evidence of before.
    assert program.get(f"milestones/{things.mst}").json()["grade"] == 1
    told = [(one["kind"], one["grade"], one["channel"]) for one in program.all(f"milestones/{things.mst}/events")]
    assert told == [("evidenced", 1, None), ("confirmed", 1, "link")]


def test_what_cannot_be_asked_is_told_at_the_field(furnished: Furnished, db: None) -> None:
    program, things = Program(furnished.secrets["lena"]), furnished.northwind
    good = {"deal": things.deal, "type": things.mty, "name": "Ingrid", "channel": "link"}
    for field, value in [
        ("days", 91),
        ("language", "xx"),
        ("email", "ingrid at home"),
        ("stated_on", "2199-01-01"),
        ("stated_on", "1999-01-01"),
        ("contact", things.like),
        ("type", None),
        ("name", "\u200b"),
    ]:
        answer = program.post("confirmations", {**good, field: value})
        assert answer.status_code == 422, (field, answer.content)
        assert [one["pointer"] for one in answer.json()["errors"]] == [f"#/{field}"], answer.content
    answers = [program.post("confirmations", {**good, "email": "i@b.example"}).status_code for _ in range(5)]
    assert answers == [201, 201, 201, 201, 409]
