"""Activities, as programs read and log them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership
from accounts.refusals import Invalid
from accounts.tenancy.scope import tenant_scope
from activities.models import ActivityType, OutputType
from activities.services import Gave, log_activity
from tests.api import Program, Things, furnish, make_secret
from tests.make import NOON


@pytest.fixture
def things(lena: Membership) -> Things:
    return furnish(lena)


@pytest.fixture
def program(lena: Membership) -> Program:
    return Program(make_secret(lena))


def moment(hours_ago: float = 1) -> str:
    return (timezone.now() - timedelta(hours=hours_ago)).isoformat()


def test_logs_an_activity_with_what_it_gave(program: Program, things: Things) -> None:
    made = program.post(
        "activities",
        {
            "type": things.aty,
            "at": "2026-11-18T23:30:00-02:00",
            "deal": things.deal,
            "minutes": 25,
            "outputs": [{"type": things.oty, "note": "They wrote back"}, {"type": things.oty}],
            "horizon": "H2",
            "purpose": "Agree the goal",
            "prepared": True,
            "purpose_reached": False,
            "next_step": "Workshop with the plant",
            "next_step_on": "2026-12-01",
        },
    )
    activity = made.json()
    assert made.status_code == 201
    assert program.get(made.headers["Location"]).json() == activity
    assert (activity["at"], activity["day"], activity["minutes"]) == ("2026-11-19T01:30:00Z", "2026-11-19", 25)
    assert [output["note"] for output in activity["outputs"]] == ["They wrote back", ""]
    assert activity["company"] == {"id": things.com, "name": "Alder Foods"}
    assert (activity["prepared"], activity["right_person"], activity["purpose_reached"]) == (True, None, False)
    assert program.all(f"activities?deal={things.deal}")[0] == activity


def test_without_minutes_it_took_as_long_as_usual(program: Program, things: Things) -> None:
    activity = program.post("activities", {"type": things.aty, "at": moment()}).json()
    assert (activity["minutes"], activity["deal"], activity["member"]["name"]) == (15, None, "Lena")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"at": moment(-1)}, "#/at"),
        ({"at": "2026-11-18T12:00:00"}, "#/at"),
        ({"at": "2026-11-18"}, "#/at"),
        ({"at": 1763467200}, "#/at"),
        ({"minutes": 1441}, "#/minutes"),
        ({"horizon": "H4"}, "#/horizon"),
        ({"prepared": "yes"}, "#/prepared"),
        ({"outputs": [{"type": "oty_" + "0" * 26}]}, "#/outputs/0/type"),
        ({"outputs": [{"note": "no type"}]}, "#/outputs/0/type"),
        ({"outputs": {}}, "#/outputs"),
        ({"outputs": ["x"]}, "#/outputs/0"),
        ({"purpose": "x" * 201}, "#/purpose"),
    ],
)
def test_wrong_values_are_told_at_their_place(
    program: Program, things: Things, wrong: dict[str, object], pointer: str
) -> None:
    answer = program.post("activities", {"type": things.aty, "at": moment(), **wrong})
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [pointer])
    assert len(program.all("activities")) == 1


def test_too_many_outputs_are_refused(program: Program, things: Things) -> None:
    body = {"type": things.aty, "at": moment(), "outputs": [{"type": things.oty}] * 21}
    assert program.post("activities", body).status_code == 422


def test_no_door_cuts_the_note_of_an_output(lena: Membership, things: Things) -> None:
    with tenant_scope(lena.tenant_id):
        kind, output = ActivityType.objects.all()[0], OutputType.objects.all()[0]
        with pytest.raises(Invalid) as refusal:
            log_activity(actor=lena, type=kind, at=NOON, recorded_at=NOON, outputs=[Gave(output, "x" * 301)])
        kept = log_activity(actor=lena, type=kind, at=NOON, recorded_at=NOON, outputs=[Gave(output, "x" * 300)])
        assert [one.note for one in kept.outputs.all()] == ["x" * 300]
    assert refusal.value.fields.keys() == {"outputs"}


def test_the_same_external_id_again_is_refused(program: Program, things: Things) -> None:
    body = {"type": things.aty, "at": moment(), "source": "mail", "external_id": "<1@example.com>"}
    assert program.post("activities", body).status_code == 201
    answer = program.post("activities", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "external_id_taken")
    assert answer.json()["data"] == {"source": "mail", "external_id": "<1@example.com>"}
    assert len(program.all("activities?source=mail")) == 1


def test_the_latest_come_first_and_pages_do_not_repeat(program: Program, things: Things) -> None:
    same = datetime(2026, 11, 20, 9, tzinfo=UTC).isoformat()
    for _ in range(5):
        program.post("activities", {"type": things.aty, "at": same})
    found = [activity["id"] for activity in program.all("activities?limit=2")]
    assert len(found) == len(set(found)) == 6
    assert found[-1] == things.act


def test_what_is_done_for_a_company_that_is_another_one_now_is_done_for_that_one(
    program: Program, things: Things
) -> None:
    keep = program.post("companies", {"name": "Keep"}).json()["id"]
    assert program.post(f"companies/{keep}/merges", {"gone": things.com}).status_code == 200
    done = program.post("activities", {"type": things.aty, "at": moment(), "company": things.com})
    assert done.json()["company"] == {"id": keep, "name": "Keep"}
