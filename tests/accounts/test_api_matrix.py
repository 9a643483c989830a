"""Who gets what: every endpoint and method, for every kind of caller. An endpoint that is missing here fails."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Membership
from config.api import router
from tests.api import Program, Things, make_secret
from tests.furnished import Furnished

pytestmark = pytest.mark.usefixtures("furnished")

# The callers. "stranger" owns another organisation; "narrow" is the owner's key with a scope for something else.
CALLERS = ("nobody", "revoked", "expired", "narrow", "stranger", "viewer", "rep", "manager", "leader", "owner")
OUT = (401, 401, 401, 403)


def answers(*, stranger: int, viewer: int, rep: int, manager: int, leader: int, owner: int) -> tuple[int, ...]:
    """What each caller gets; those without a key that reaches so far never get in."""
    return (*OUT, stranger, viewer, rep, manager, leader, owner)


READ = answers(stranger=200, viewer=200, rep=200, manager=200, leader=200, owner=200)
READ_ONE = answers(stranger=404, viewer=200, rep=200, manager=200, leader=200, owner=200)
WRITE = answers(stranger=201, viewer=403, rep=201, manager=201, leader=201, owner=201)
# What is named in the body is not there for a stranger.
WRITE_ABOUT = answers(stranger=422, viewer=403, rep=201, manager=201, leader=201, owner=201)
# What those who direct may, each in their own organisation.
DIRECT_OWN = answers(stranger=200, viewer=403, rep=403, manager=403, leader=200, owner=200)
DIRECT_ENTRY = answers(stranger=404, viewer=403, rep=403, manager=403, leader=200, owner=200)
OWN = answers(stranger=404, viewer=404, rep=404, manager=404, leader=404, owner=200)
OWN_ENDED = answers(stranger=404, viewer=403, rep=404, manager=404, leader=404, owner=204)
CHANGE = answers(stranger=404, viewer=403, rep=200, manager=200, leader=200, owner=200)
CHANGE_LESS = answers(stranger=404, viewer=403, rep=204, manager=204, leader=204, owner=204)
LEAD = answers(stranger=404, viewer=403, rep=403, manager=200, leader=200, owner=200)

DIRECT = answers(stranger=404, viewer=403, rep=403, manager=403, leader=200, owner=200)
DIRECT_MORE = answers(stranger=201, viewer=403, rep=403, manager=403, leader=201, owner=201)
# What is named in the body is not there for a stranger.
DIRECT_ABOUT = answers(stranger=422, viewer=403, rep=403, manager=403, leader=201, owner=201)
DIRECT_LESS = answers(stranger=404, viewer=403, rep=403, manager=403, leader=204, owner=204)
# A leader does not touch an owner.
REACH = answers(stranger=404, viewer=403, rep=403, manager=403, leader=403, owner=200)
INVITED = answers(stranger=200, viewer=403, rep=403, manager=200, leader=200, owner=200)
INVITED_ONE = answers(stranger=404, viewer=403, rep=403, manager=200, leader=200, owner=200)
# A manager invites into their own teams, and this one manages none.
INVITE = answers(stranger=201, viewer=403, rep=403, manager=422, leader=201, owner=201)
ONLY_THEIRS = answers(stranger=404, viewer=403, rep=403, manager=403, leader=403, owner=200)
TODAY = str(datetime.now(tz=UTC).date())

# method  path                                   body                                             answers
ANSWERS: list[tuple[str, str, dict[str, Any] | None, tuple[int, ...]]] = [
    ("GET", "me", None, READ),
    ("GET", "organisation", None, READ),
    ("PATCH", "organisation", {"week_starts": 7}, DIRECT_OWN),
    ("GET", "audit_events", None, DIRECT_OWN),
    ("GET", "audit_events/{aud}", None, DIRECT_ENTRY),
    ("GET", "members", None, READ),
    ("GET", "members/{mem}", None, READ_ONE),
    ("PATCH", "members/{mem}", {"name": "Lena L."}, REACH),
    ("POST", "members/{named}/deactivation", None, DIRECT),
    ("POST", "members/{named}/reactivation", None, DIRECT),
    ("GET", "teams", None, READ),
    ("GET", "teams/{team}", None, READ_ONE),
    ("POST", "teams", {"name": "Iberia"}, DIRECT_MORE),
    ("PATCH", "teams/{team}", {"name": "Iberia"}, DIRECT),
    ("DELETE", "teams/{team}", None, DIRECT_LESS),
    ("GET", "invitations", None, INVITED),
    ("GET", "invitations/{inv}", None, INVITED_ONE),
    ("POST", "invitations", {"email": "nora@example.com", "role": "rep"}, INVITE),
    ("DELETE", "invitations/{inv}", None, DIRECT_LESS),
    ("GET", "tokens", None, READ),
    ("POST", "tokens", {"name": "A part", "scopes": ["deals:read"]}, WRITE),
    # One's own alone.
    ("GET", "tokens/{tok}", None, OWN),
    ("DELETE", "tokens/{tok}", None, OWN_ENDED),
    ("GET", "companies", None, READ),
    ("GET", "companies/{com}", None, READ_ONE),
    ("POST", "companies", {"name": "Cedar Foods"}, WRITE),
    ("PATCH", "companies/{com}", {"industry": "Food"}, CHANGE),
    ("PUT", "companies/by-external-id/crm/4711", {"name": "Cedar Foods"}, WRITE),
    (
        "POST",
        "companies:upsert",
        {"items": [{"source": "crm", "external_id": "1", "name": "Cedar Foods"}]},
        answers(stranger=200, viewer=403, rep=200, manager=200, leader=200, owner=200),
    ),
    ("POST", "companies/{com}/merges", {"gone": "{other}"}, LEAD),
    ("POST", "companies/{com}/merges/undo", None, LEAD),
    ("GET", "contacts", None, READ),
    ("GET", "contacts/{con}", None, READ_ONE),
    ("POST", "contacts", {"name": "Nora", "company": "{com}"}, WRITE_ABOUT),
    ("PATCH", "contacts/{con}", {"title": "Plant manager"}, CHANGE),
    ("PUT", "contacts/by-external-id/crm/4711", {"name": "Nora"}, WRITE),
    (
        "POST",
        "contacts:upsert",
        {"items": [{"source": "crm", "external_id": "1", "name": "Nora"}]},
        answers(stranger=200, viewer=403, rep=200, manager=200, leader=200, owner=200),
    ),
    ("POST", "contacts/{con}/merges", {"gone": "{like}"}, LEAD),
    ("POST", "contacts/{con}/merges/undo", None, LEAD),
    ("GET", "attributes", None, READ),
    ("GET", "attributes/{att}", None, READ_ONE),
    ("POST", "attributes", {"of": "deal", "name": "Fleet size"}, DIRECT_MORE),
    ("PATCH", "attributes/{att}", {"name": "Fleet"}, DIRECT),
    ("GET", "deals/{deal}/contacts", None, READ_ONE),
    ("GET", "deals/{deal}/contacts/{con}", None, READ_ONE),
    ("PUT", "deals/{deal}/contacts/{con}", {"role": "coach"}, CHANGE),
    ("DELETE", "deals/{deal}/contacts/{con}", None, CHANGE_LESS),
    ("GET", "pipelines", None, READ),
    ("GET", "pipelines/{pip}", None, READ_ONE),
    ("POST", "pipelines", {"name": "Renewals"}, DIRECT_MORE),
    ("PATCH", "pipelines/{pip}", {"name": "Renewals"}, DIRECT),
    ("GET", "stages", None, READ),
    ("GET", "stages/{stg}", None, READ_ONE),
    ("POST", "stages", {"pipeline": "{pip}", "name": "Pilot"}, DIRECT_ABOUT),
    ("PATCH", "stages/{stg}", {"name": "Pilot"}, DIRECT),
    ("GET", "end_reasons", None, READ),
    ("GET", "end_reasons/{rsn}", None, READ_ONE),
    ("POST", "end_reasons", {"kind": "won", "name": "Trust"}, DIRECT_MORE),
    ("PATCH", "end_reasons/{rsn}", {"name": "Trust"}, DIRECT),
    ("GET", "competitors", None, READ),
    ("GET", "competitors/{cmp}", None, READ_ONE),
    ("POST", "competitors", {"name": "Kestrel"}, DIRECT_MORE),
    ("PATCH", "competitors/{cmp}", {"is_archived": True}, DIRECT),
    ("GET", "deal_sources", None, READ),
    ("GET", "deal_sources/{src}", None, READ_ONE),
    ("POST", "deal_sources", {"name": "Partners"}, DIRECT_MORE),
    ("PATCH", "deal_sources/{src}", {"is_archived": True}, DIRECT),
    ("GET", "exchange_rates", None, READ),
    ("GET", "exchange_rates/{fxr}", None, READ_ONE),
    ("POST", "exchange_rates", {"currency": "USD", "from_on": "2025-01-02", "rate": "0.92"}, DIRECT_MORE),
    ("DELETE", "exchange_rates/{fxr}", None, DIRECT_LESS),
    ("GET", "deals", None, READ),
    ("POST", "deals", {"name": "Pump watch"}, WRITE),
    ("GET", "deals/{deal}", None, READ_ONE),
    ("PATCH", "deals/{deal}", {"name": "Pump watch"}, CHANGE),
    ("PUT", "deals/by-external-id/crm/4711", {"name": "Pump watch"}, WRITE),
    (
        "POST",
        "deals:upsert",
        {"items": [{"source": "crm", "external_id": "1", "name": "Pump watch"}]},
        answers(stranger=200, viewer=403, rep=200, manager=200, leader=200, owner=200),
    ),
    (
        "POST",
        "deals:bulk",
        {"deals": ["{deal}"], "change": {"is_test": True}},
        answers(stranger=200, viewer=403, rep=200, manager=200, leader=200, owner=200),
    ),
    ("GET", "bulk_edits", None, READ),
    ("GET", "bulk_edits/{blk}", None, READ_ONE),
    # One's own, or anybody's for those who lead.
    ("POST", "bulk_edits/{blk}/undo", None, LEAD),
    ("POST", "deals/{deal}/merges", {"gone": "{fresh}"}, LEAD),
    ("POST", "deals/{deal}/merges/undo", None, LEAD),
    ("GET", "deals/{deal}/events", None, READ_ONE),
    ("POST", "deals/{fresh}/qualification", {"note": "they asked us"}, CHANGE),
    ("POST", "deals/{deal}/transitions", {"stage": "{stg}"}, CHANGE),
    ("GET", "strategies", None, READ),
    ("GET", "strategies/templates", None, READ),
    ("POST", "strategies", {"name": "Through partners", "template": "partner_led"}, DIRECT_MORE),
    ("GET", "strategies/{str}", None, READ_ONE),
    ("PATCH", "strategies/{str}", {"name": "Through partners"}, DIRECT),
    ("DELETE", "strategies/{draft}", None, DIRECT_LESS),
    ("GET", "strategies/{str}/versions", None, READ_ONE),
    ("GET", "strategies/{str}/verdicts", None, READ_ONE),
    ("GET", "strategies/{str}/versions/1", None, READ_ONE),
    ("POST", "strategies/{draft}/activation", {"note": "We begin"}, DIRECT),
    ("POST", "strategies/{str}/retirement", {"because": "Nobody sponsored a workshop"}, DIRECT),
    ("GET", "segments", None, READ),
    ("GET", "segments/{seg}", None, READ_ONE),
    ("GET", "personas", None, READ),
    ("GET", "personas/{per}", None, READ_ONE),
    ("GET", "plays", None, READ),
    ("GET", "plays/{ply}", None, READ_ONE),
    ("GET", "activity_types", None, READ),
    ("GET", "activity_types/{aty}", None, READ_ONE),
    ("POST", "activity_types", {"name": "Site visit"}, DIRECT_MORE),
    ("PATCH", "activity_types/{aty}", {"usual_minutes": 20}, DIRECT),
    ("GET", "output_types", None, READ),
    ("GET", "output_types/{oty}", None, READ_ONE),
    ("POST", "output_types", {"name": "Measurements sent"}, DIRECT_MORE),
    ("PATCH", "output_types/{oty}", {"name": "An answer"}, DIRECT),
    ("GET", "activities", None, READ),
    ("POST", "activities", {"type": "{aty}", "at": "2026-11-18T09:00:00Z", "deal": "{deal}"}, WRITE_ABOUT),
    ("GET", "activities/{act}", None, READ_ONE),
    # One's own, or that of somebody whom one leads: a manager the teams that they manage, and this one manages none.
    ("PATCH", "activities/{act}", {"minutes": 20}, DIRECT),
    ("DELETE", "activities/{act}", None, DIRECT_LESS),
    (
        "PUT",
        "activities/by-external-id/crm/4711",
        {"type": "{aty}", "at": "2026-11-18T09:00:00Z"},
        WRITE_ABOUT,
    ),
    (
        "POST",
        "activities:upsert",
        {"items": [{"source": "crm", "external_id": "1", "type": "{aty}", "at": "2026-11-18T09:00:00Z"}]},
        answers(stranger=200, viewer=403, rep=200, manager=200, leader=200, owner=200),
    ),
    ("GET", "outputs", None, READ),
    ("GET", "outputs/{out}", None, READ_ONE),
    ("POST", "outputs", {"activity": "{act}", "type": "{oty}"}, DIRECT_ABOUT),
    ("PATCH", "outputs/{out}", {"note": "They called back"}, DIRECT),
    ("DELETE", "outputs/{out}", None, DIRECT_LESS),
    ("GET", "milestone_types", None, READ),
    ("GET", "milestone_types/{mty}", None, READ_ONE),
    ("POST", "milestone_types", {"name": "Budget named", "statement": "They named the budget."}, DIRECT_MORE),
    ("PATCH", "milestone_types/{mty}", {"before": "the goal was named"}, DIRECT),
    ("GET", "milestones", None, READ),
    ("POST", "milestones", {"deal": "{deal}", "type": "{mty}"}, WRITE_ABOUT),
    ("GET", "milestones/{mst}", None, READ_ONE),
    ("GET", "milestones/{mst}/events", None, READ_ONE),
    ("POST", "milestones/{mst}/events", {"kind": "lapsed", "note": "Their plans changed"}, CHANGE),
    ("GET", "mutual_steps", None, READ),
    ("POST", "mutual_steps", {"deal": "{deal}", "name": "Security review", "due_on": "2026-12-04"}, WRITE_ABOUT),
    ("GET", "mutual_steps/{stp}", None, READ_ONE),
    ("PATCH", "mutual_steps/{stp}", {"position": 2}, CHANGE),
    ("DELETE", "mutual_steps/{stp}", None, CHANGE_LESS),
    ("GET", "plans", None, READ),
    ("POST", "plans", {"type": "{aty}", "span": "day", "on": TODAY}, WRITE_ABOUT),
    ("GET", "plans/{pln}", None, READ_ONE),
    # Each plans for themselves.
    ("PATCH", "plans/{pln}", {"purpose": "Agree on the goal"}, ONLY_THEIRS),
    ("POST", "plans/{pln}/move", {"on": TODAY, "span": "day"}, ONLY_THEIRS),
    ("POST", "plans/{pln}/drop", {"note": "They asked us to wait"}, ONLY_THEIRS),
    ("GET", "targets", None, READ),
    (
        "POST",
        "targets",
        {"type": "{aty}", "number": 5, "per": "week", "milestone": "{mty}", "why": "For it", "from_on": TODAY},
        # For the whole organisation.
        answers(stranger=422, viewer=403, rep=403, manager=403, leader=201, owner=201),
    ),
    ("GET", "targets/{tgt}", None, READ_ONE),
    # Of the owner.
    ("PATCH", "targets/{tgt}", {"number": 4}, DIRECT),
    ("GET", "conversations", None, READ),
    ("POST", "conversations", {"company": "{com}", "prompt": "whom", "question": "Who decides in 2028?"}, WRITE_ABOUT),
    ("GET", "conversations/{cnv}", None, READ_ONE),
    ("PATCH", "conversations/{cnv}", {"heard": "The regulator asks for proof."}, CHANGE),
    ("GET", "evidence_files", None, READ),
    ("GET", "evidence_files/{evf}", None, READ_ONE),
    ("GET", "evidence_files/{evf}/content", None, READ_ONE),
    (
        "POST",
        "evidence_files?milestone={mst}&name=minutes.txt",
        b"We want this by May.",  # type: ignore[list-item]
        answers(stranger=400, viewer=403, rep=201, manager=201, leader=201, owner=201),
    ),
    ("GET", "confirmations", None, READ),
    ("GET", "confirmations/{cnf}", None, READ_ONE),
    (
        "POST",
        "confirmations",
        {"deal": "{deal}", "type": "{mty}", "name": "Ingrid Falk", "channel": "link"},
        WRITE_ABOUT,
    ),
    ("DELETE", "confirmations/{cnf}", None, CHANGE_LESS),
    ("GET", "events", None, READ),
    ("GET", "webhooks", None, DIRECT_OWN),
    ("POST", "webhooks", {"url": "https://8.8.8.8/hook"}, DIRECT_MORE),
    ("GET", "webhooks/{whk}", None, DIRECT),
    ("PATCH", "webhooks/{whk}", {"types": ["deal.moved"]}, DIRECT),
    ("DELETE", "webhooks/{whk}", None, DIRECT_LESS),
    ("POST", "webhooks/{whk}/secret", None, DIRECT),
    ("POST", "webhooks/{whk}/test", None, DIRECT),
    ("POST", "webhooks/{whk}/replay", {"event": "{evn}"}, DIRECT),
    ("GET", "webhooks/{whk}/deliveries", None, DIRECT),
    ("GET", "statistics", None, READ),
    ("GET", "statistics/chance_to_win", None, READ),
    ("GET", "statistics/chance_to_win/rows", None, READ),
]


def fill(value: Any, things: Things) -> Any:
    """The path or body with ids in it."""
    if isinstance(value, str):
        return value.format(**things._asdict())
    if isinstance(value, list):
        return [fill(inner, things) for inner in value]
    return {name: fill(inner, things) for name, inner in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"), [pytest.param(*row, id=f"{row[0]} {row[1]}") for row in ANSWERS]
)
def test_who_gets_what(
    method: str,
    path: str,
    body: Any,
    expected: tuple[int, ...],
    lena: Membership,
    furnished: Furnished,
) -> None:
    things, keys = furnished.northwind, furnished.secrets
    # Any scope that does not include the endpoint.
    reads = path.startswith(("milestone", "confirmation", "evidence")) and method != "POST"
    narrow = "deals:read" if reads else "milestones:read"
    secrets = {
        "nobody": None,
        "revoked": keys["revoked"],
        "expired": keys["expired"],
        "narrow": make_secret(lena, narrow),
        "stranger": keys["eve"],
        "viewer": keys["vera"],
        "rep": keys["omar"],
        "manager": keys["mara"],
        "leader": keys["leo"],
        "owner": keys["lena"],
    }
    got = {}
    for caller in CALLERS:
        with transaction.atomic():  # what one caller does is undone before the next
            sent = Program(secrets[caller]).call(
                method, fill(path, things), fill(body, things), headers={"If-Match": "*"}
            )
            got[caller] = sent.status_code
            transaction.set_rollback(True)
    assert got == dict(zip(CALLERS, expected, strict=True))


def test_a_key_for_figures_alone_does_not_read_the_deals_behind_them(lena: Membership) -> None:
    asked = "statistics/chance_to_win/rows"
    alone, both = make_secret(lena, "statistics:read"), make_secret(lena, "statistics:read", "deals:read")
    assert [Program(secret).call("GET", asked).status_code for secret in (alone, both)] == [403, 200]


def test_no_endpoint_is_missing() -> None:
    listed = {(method, _shape(path.partition("?")[0])) for method, path, *_ in ANSWERS}
    assert listed == {*endpoints()}


def endpoints() -> list[tuple[str, str]]:
    """Each method and path of the router, ids as {}."""
    found = []
    for pattern in router.urls:
        path = str(pattern.pattern).removeprefix("^").removesuffix(r"\Z").removesuffix("$")
        actions: dict[str, str] = pattern.callback.actions  # type: ignore[attr-defined]
        named = re.sub(r"\(\?P<\w+>[^)]+\)", "{}", path).replace("by-external-id/{}/{}", "by-external-id/crm/4711")
        named = named.replace("versions/{}", "versions/1")
        found += [(method.upper(), named) for method in actions if method != "head"]
    return found


def _shape(path: str) -> str:
    return re.sub(r"\{\w+\}|(?<=^statistics/)\w+", "{}", path)
