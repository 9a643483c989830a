"""Another organisation's ids, in each path, parameter and body: as if they had never been."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import NAMESPACE_OID, uuid4, uuid5

import pytest

from accounts.api import ids
from accounts.models import Membership
from tests.api import DOCUMENT, PREFIX, Program, Things, operations
from tests.furnished import Furnished, everything

KIND = re.compile(r"\^([a-z]+)_\[0-7\]")
# Nothing is planned for the past, and a month may end today.
TODAY = str(datetime.now(tz=UTC).date())
TOMORROW = str(datetime.now(tz=UTC).date() + timedelta(days=1))
# What an operation takes in its address beside what is tried.
ASKED = {"add_evidence_file": {"milestone": "{mst}", "name": "minutes.txt"}}
BODIES: dict[str, Any] = {
    "add_evidence_file": b"We want this by May.",
    "create_deal": {"name": "Pump watch"},
    "move_deal": {"stage": "{stg}"},
    "qualify_deal": {},
    "update_deal": {},
    "put_deal": {"name": "Pump watch"},
    "upsert_deals": {},
    "bulk_edit_deals": {},
    "merge_deal": {"gone": "{fresh}"},
    "create_activity": {"type": "{aty}", "at": "2026-11-18T09:00:00Z"},
    "change_activity": {},
    "put_activity": {"type": "{aty}", "at": "2026-11-18T09:00:00Z"},
    "upsert_activities": {},
    "create_output": {"activity": "{act}", "type": "{oty}"},
    "change_output": {},
    "create_token": {"name": "A part", "scopes": ["deals:read"]},
    "change_member": {},
    "deactivate_member": {},
    "reactivate_member": {},
    "create_team": {"name": "Iberia"},
    "change_team": {},
    "create_invitation": {"email": "nora@example.com", "role": "rep"},
    "update_organisation": {},
    "create_stage": {"pipeline": "{pip}", "name": "Pilot"},
    "create_company": {"name": "Cedar Foods"},
    "change_company": {},
    "put_company": {"name": "Cedar Foods"},
    "upsert_companies": {},
    "merge_company": {"gone": "{other}"},
    "create_contact": {"name": "Nora"},
    "change_contact": {},
    "put_contact": {"name": "Nora"},
    "upsert_contacts": {},
    "merge_contact": {"gone": "{like}"},
    "create_attribute": {"of": "deal", "name": "Fleet size"},
    "change_attribute": {},
    "put_buying_role": {"role": "coach"},
    "create_strategy": {"name": "Northern utilities"},
    "change_strategy": {},
    "activate_strategy": {},
    "retire_strategy": {"because": "Nobody sponsored a workshop"},
    "create_webhook": {"url": "https://8.8.8.8/hook"},
    "change_webhook": {},
    "replay_events": {"event": "{evn}"},
    "create_milestone": {"deal": "{deal}", "type": "{mty}"},
    "create_milestone_event": {"kind": "evidenced", "evidence": "https://example.com/minutes"},
    "create_milestone_type": {"name": "Budget named", "statement": "They named the budget."},
    "change_milestone_type": {},
    "create_mutual_step": {"deal": "{deal}", "name": "Security review", "due_on": "2026-12-04"},
    "change_mutual_step": {},
    "create_plan": {"type": "{aty}", "span": "month", "on": TODAY},
    "change_plan": {},
    "move_plan": {"on": TOMORROW, "span": "day"},
    "drop_plan": {"note": "They asked us to wait"},
    "create_target": {
        "type": "{aty}",
        "number": 5,
        "per": "week",
        "milestone": "{mty}",
        "why": "Each third call names what they want",
        "from_on": "2026-11-16",
    },
    "change_target": {},
    "create_conversation": {"company": "{com}", "prompt": "markets", "question": "What changes by 2028?"},
    "change_conversation": {},
    "create_confirmation": {"deal": "{deal}", "type": "{mty}", "contact": "{con}", "channel": "link"},
}
# Where not any row of the kind will do: one that is not qualified yet, another team, somebody who cannot sign in.
FITTING = {
    ("qualify_deal", "id"): "fresh",
    ("deactivate_member", "id"): "named",
    ("create_invitation", "member"): "named",
    ("change_team", "parent"): "top",
    ("change_company", "parent"): "other",
    ("merge_company", "gone"): "other",
    ("merge_deal", "gone"): "fresh",
    ("merge_contact", "gone"): "like",
    ("activate_strategy", "id"): "draft",
    ("change_strategy", "id"): "draft",
    ("remove_strategy", "id"): "draft",
}
OPERATIONS = {
    operation["operationId"]: (path.removeprefix(f"{PREFIX}/"), method, operation)
    for path, method, operation in operations(json.loads(DOCUMENT.read_text()))
}
SCHEMAS = json.loads(DOCUMENT.read_text())["components"]["schemas"]


def places() -> Iterator[Any]:
    """Every place of every operation that takes an id: where it is, its name (or path into the body), its type."""
    for name, (_, _, operation) in OPERATIONS.items():
        for parameter in operation.get("parameters", ()):
            if kind := kind_of(parameter["schema"]):
                yield pytest.param(name, parameter["in"], (parameter["name"],), kind, id=f"{name} {parameter['name']}")
        if "requestBody" in operation:
            schema = operation["requestBody"]["content"].get("application/json", {}).get("schema", {})
            for steps, kind in ids_in(schema):
                if (name, steps) == ("bulk_edit_deals", ("deals", 0)):
                    continue  # each is answered by its id: see the test of changing many
                yield pytest.param(name, "body", steps, kind, id=f"{name} {'/'.join(map(str, steps))}")


def kind_of(schema: dict[str, Any]) -> str | None:
    found = KIND.match(schema.get("pattern", ""))
    return found[1] if found else None


def ids_in(schema: dict[str, Any], steps: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].rpartition("/")[2]]
    if kind := kind_of(schema):
        yield steps, kind
    for name, inner in schema.get("properties", {}).items():
        yield from ids_in(inner, (*steps, name))
    if "items" in schema:
        yield from ids_in(schema["items"], (*steps, 0))


PLACES = list(places())


def send(program: Program, name: str, where: str, steps: tuple[Any, ...], given: str, own: Things) -> Any:
    """Call the operation with `given` in one place and the caller's own ids everywhere else."""
    path, method, _ = OPERATIONS[name]
    if where == "path":
        path = path.replace(f"{{{steps[0]}}}", given)
    path = path.replace("{id}", getattr(own, FITTING.get((name, "id"), _kind_of_path(name))))
    path = path.format(**own._asdict(), source="crm", external_id="4711", number="1")
    asked = {key: filled(value, own) for key, value in ASKED.get(name, {}).items()}
    if where == "query":
        asked[steps[0]] = given
    path += f"?{urlencode(asked)}" if asked else ""
    body: Any = BODIES.get(name)
    if isinstance(body, dict):
        body = {key: filled(value, own) for key, value in body.items()}
    if where == "body":
        place(name, body, steps, given, own)
    return program.call(method.upper(), path, body, headers={"X-Request-Id": "the-same-for-all", "If-Match": "*"})


def filled(value: Any, own: Things) -> Any:
    return value.format(**own._asdict()) if isinstance(value, str) else value


def _kind_of_path(name: str) -> str:
    for parameter in OPERATIONS[name][2].get("parameters", ()):
        if parameter["in"] == "path" and parameter["name"] == "id" and (kind := kind_of(parameter["schema"])):
            return kind
    return "deal"


def place(name: str, body: dict[str, Any], steps: tuple[Any, ...], given: str, own: Things) -> None:
    if steps[0] == "items":
        told = {"type": own.aty, "at": "2026-11-18T09:00:00Z"} if name == "upsert_activities" else {"name": "Cedar"}
        body["items"] = [{"source": "crm", "external_id": "4711", **told}]
        place(name, body["items"][0], steps[2:], given, own)
    elif steps[0] == "text":
        play = {"id": str(uuid5(NAMESPACE_OID, "play")), "name": "Loss-map workshop", "segment": str(NAMESPACE_OID)}
        play[steps[3]] = [{"type": given, "number": 2}] if steps[3] == "activities" else [given]
        body["text"] = {"segments": [{"id": str(NAMESPACE_OID), "name": "Utilities"}], "plays": [play]}
    elif steps[0] == "change":
        body |= {"deals": [own.deal], "change": {steps[1]: given}}
    elif steps[:2] == ("supply", "milestones"):
        told = [given] if steps[3] == "activities" else given
        body["supply"] = {"milestones": [{"type": own.mty, steps[3]: told}]}
    elif steps[0] == "supply":
        body["supply"] = {steps[1]: given}
    elif len(steps) == 1:
        body[steps[0]] = given
    else:
        assert steps[1] == 0
        body[steps[0]] = [given] if len(steps) == 2 else [{steps[2]: given}]


def test_the_places_are_those_we_know_of() -> None:
    assert len(PLACES) >= 25
    assert {"create_activity outputs/0/type", "list_deals company", "move_deal reason"} <= {str(p.id) for p in PLACES}


@pytest.mark.parametrize(("name", "where", "steps", "kind"), PLACES)
def test_a_strangers_id_is_as_one_that_never_was(
    name: str, where: str, steps: tuple[Any, ...], kind: str, lena: Membership, eve: Membership, furnished: Furnished
) -> None:
    hers, own = furnished.northwind, furnished.southwind
    program = Program(furnished.secrets["eve"])
    foreign = send(program, name, where, steps, getattr(hers, kind), own)
    never = send(program, name, where, steps, ids.encode(kind, uuid4()), own)
    # Of many rows each is judged by itself.
    assert foreign.status_code == {"path": 404, "query": 400, "body": 200 if steps[0] == "items" else 422}[where]
    assert (foreign.status_code, foreign.content, dict(foreign.headers)) == (
        never.status_code,
        never.content,
        dict(never.headers),
    )
    assert {"lena": everything(lena), "eve": everything(eve)} == furnished.rows


def test_one_row_more_is_not_overlooked(lena: Membership, furnished: Furnished) -> None:
    assert everything(lena) == furnished.rows["lena"]
    Program(furnished.secrets["lena"]).post("teams", {"name": "Iberia"})
    assert everything(lena) != furnished.rows["lena"]


def of_an_end(program: Program, name: str, own: Things, told: dict[str, Any]) -> Any:
    """What belongs to the end of a deal, told with it or afterwards."""
    if name in ("put_deal", "upsert_deals"):
        return program.put("deals/by-external-id/crm/1", {"name": "Pump watch", "stage": own.end, **told})
    answer = program.post(f"deals/{own.deal}/transitions", {"stage": own.end, **(told if name == "move_deal" else {})})
    return answer if name == "move_deal" else program.patch(f"deals/{own.deal}", told, if_match="*")


@pytest.mark.parametrize(("name", "where", "steps", "kind"), PLACES)
def test_the_callers_own_id_is_taken(
    name: str, where: str, steps: tuple[Any, ...], kind: str, furnished: Furnished, db: None
) -> None:
    """So that the test above refuses for the right reason."""
    own, program = furnished.northwind, Program(furnished.secrets["lena"])
    given = getattr(own, FITTING.get((name, steps[0]), kind))
    if steps[-1] in ("reason", "competitor"):
        answer = of_an_end(program, name, own, {steps[-1]: given})
    else:
        answer = send(program, name, where, steps, given, own)
    assert answer.status_code in (200, 201, 204), answer.content
