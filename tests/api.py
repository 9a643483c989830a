"""Programs in tests: each answer they get is held against the OpenAPI document."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from accounts.api import ids
from accounts.integrations.events import keys_of
from accounts.integrations.tokens import SCOPES, make_token, scope_is_within
from accounts.models import ApiToken, AuditEvent, Delivery, Event, Feed, Membership, Team
from accounts.services import invite
from accounts.services.webhooks import add_webhook
from accounts.tenancy.scope import tenant_scope
from activities.models import ActivityType, OutputType
from activities.services import Gave, log_activity
from outcomes.models import EvidenceFile, MilestoneType
from outcomes.services import ask, begin_strategy, record_milestone
from outcomes.services.conversations import keep_question
from outcomes.services.milestones.files import Upload
from outcomes.services.mutual_steps import add_step
from outcomes.services.planned_activities import plan_activity
from outcomes.services.targets import set_target
from strategy.models import BuyingRole, Company, Competitor, Contact, DealSource, EndReason, ExchangeRate
from strategy.plan.document import read
from strategy.services import bulk_edit_deals, define_attribute, merge_companies, merge_contacts, merge_deals
from tests.make import NOON, make_deal, make_strategy, stage

DOCUMENT = Path(settings.ROOT, "docs", "api", "openapi.json")
PREFIX = "/api/v1"
FILE = "application/octet-stream"
#: An address of the open internet, told without asking anybody's name server.
RECEIVER = "https://8.8.8.8/hook"
FORMATS = FormatChecker()
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@FORMATS.checks("date-time")
def is_moment(value: object) -> bool:
    return not isinstance(value, str) or bool(MOMENT.fullmatch(value) and datetime.fromisoformat(value))


def make_secret(member: Membership, *scopes: str, lasts: timedelta = timedelta(days=1), revoked: bool = False) -> str:
    """A key of the member; without scopes it has all that the member's role includes."""
    now = timezone.now()
    with tenant_scope(member.tenant_id):
        new = make_token(actor=member, name="a program", scopes=scopes or _all(member), at=now)
        ApiToken.objects.filter(pk=new.token.pk).update(expires_at=now + lasts, revoked_at=now if revoked else None)
    return new.secret


def viewer_secret(viewer: Membership, *scopes: str) -> str:
    """A key of somebody who may not make one: it was made before they became a viewer."""
    role = viewer.role
    with tenant_scope(viewer.tenant_id):
        Membership.objects.filter(pk=viewer.pk).update(role="owner")
        viewer.role = "owner"
        secret = make_secret(viewer, *(scopes or SCOPES))
        Membership.objects.filter(pk=viewer.pk).update(role=role)
        viewer.role = role
    return secret


def _all(member: Membership) -> list[str]:
    return [scope for scope in SCOPES if scope_is_within(member, scope)]


class Program:
    """Calls the API with one key. Paths are given without the prefix."""

    def __init__(self, secret: str | None = None, **headers: str) -> None:
        given = {"Authorization": f"Bearer {secret}"} if secret else {}
        self.client = Client(headers={**given, **headers})
        self.client.raise_request_exception = False

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.call("GET", path, headers=headers)

    def post(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self.call("POST", path, body, headers=_headers(headers))

    def patch(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self.call("PATCH", path, body, headers=_headers(headers))

    def put(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self.call("PUT", path, body, headers=_headers(headers))

    def delete(self, path: str, **headers: str) -> HttpResponse:
        return self.call("DELETE", path, headers=_headers(headers))

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "",
        headers: dict[str, str] | None = None,
        **environment: Any,
    ) -> HttpResponse:
        """Send it, and check that the answer is one the document tells of."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        address = path if path.startswith("/") else f"{PREFIX}/{path}"
        content_type = content_type or media_of(method, address.partition("?")[0])
        answer: HttpResponse = self.client.generic(
            method, address, data, content_type=content_type, headers=headers or {}, **environment
        )
        path, _, query = address.partition("?")
        check_answer(method, path, answer, in_part="fields=" in query)
        return answer

    def all(self, path: str) -> list[dict[str, Any]]:
        """Every row of a list, page by page."""
        rows, address = [], path
        while address:
            page = self.get(address).json()
            rows += page["data"]
            address = page["next"] and page["next"].removeprefix("http://testserver")
        return rows


def media_of(method: str, path: str) -> str:
    """What a body is sent as: JSON, except where the document takes a file."""
    told = (operation_of(method, path) or {}).get("requestBody", {"content": {}})["content"]
    return FILE if FILE in told else "application/json"


def _headers(given: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in given.items()}


def check_answer(method: str, path: str, answer: HttpResponse, *, in_part: bool = False) -> None:
    """Fails unless the document has the operation, the status, the media type and the shape. An answer for which
    no `fields` were named has them all."""
    operation = operation_of(method, path)
    if operation is None:
        assert answer.status_code in (400, 401, 404, 405), (method, path, answer.status_code, answer.content)
        validator("#/components/schemas/Problem").validate(answer.json())
        return
    told = operation["responses"].get(str(answer.status_code))
    assert told is not None, f"{method} {path} answered {answer.status_code}, which is not in the document"
    pointer = _place_of(operation, answer.status_code) if "$ref" not in told else told["$ref"]
    content = _at(pointer).get("content")
    if content is None:
        assert answer.content == b"", answer.content
        return
    media = answer.headers["Content-Type"]
    assert media in content, (media, list(content))
    if media == FILE:
        return
    place = f"{pointer}/content/{media.replace('/', '~1')}/schema"
    validator(place, in_part=in_part).validate(json.loads(answer.content))


def _place_of(operation: dict[str, Any], status: int) -> str:
    path = operation["x-path"].replace("/", "~1")
    return f"#/paths/{path}/{operation['x-method']}/responses/{status}"


def _at(pointer: str) -> Any:
    found: Any = document()
    for step in pointer.removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/")]
    return found


@cache
def document() -> dict[str, Any]:
    """The committed document, made strict: an answer with a field it does not tell of is an error."""
    found: dict[str, Any] = json.loads(DOCUMENT.read_text())
    for schema in _objects(found["components"]["schemas"]):
        schema.setdefault("additionalProperties", False)
    for path, method, operation in operations(found):
        operation.update({"x-path": path, "x-method": method})
    return found


def operations(of: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each operation of the document with its path and method."""
    for path, methods in of["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if "properties" in schema and "object" in str(schema.get("type")):
            yield schema
        for inner in schema.values():
            yield from _objects(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _objects(inner)


def _leave_out_parts(schema: Any) -> None:
    if isinstance(schema, dict):
        if "anyOf" in schema:
            schema["anyOf"] = [one for one in schema["anyOf"] if not one.get("$ref", "").endswith("Part")]
        for inner in schema.values():
            _leave_out_parts(inner)
    elif isinstance(schema, list):
        for inner in schema:
            _leave_out_parts(inner)


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    """The operation that an address belongs to."""
    # A word in an address goes before an id in its place.
    for template, found, operation in sorted(operations(document()), key=lambda one: "{" in one[0]):
        if found == method.lower() and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return operation
    return None


@cache
def validator(pointer: str, *, in_part: bool = False) -> Draft202012Validator:
    """Checks a value against a part of the document; `in_part` accepts rows with some of their fields."""
    return Draft202012Validator({"$ref": f"urn:api{pointer}"}, registry=_registry(in_part), format_checker=FORMATS)


@cache
def _registry(in_part: bool) -> Any:
    told = copy.deepcopy(document())
    if not in_part:
        _leave_out_parts(told)
    return Registry().with_resource("urn:api", Resource.from_contents(told, default_specification=DRAFT202012))


class Things(NamedTuple):
    """One of everything that has an id, in one organisation."""

    org: str
    mem: str
    com: str
    pip: str
    stg: str
    end: str
    rsn: str
    cmp: str
    src: str
    fxr: str
    deal: str
    fresh: str
    act: str
    aty: str
    oty: str
    out: str
    mst: str
    evf: str
    mty: str
    cnf: str
    tok: str
    team: str
    top: str
    con: str
    other: str
    like: str
    att: str
    mrg: str
    inv: str
    named: str
    aud: str
    str: str
    draft: str
    seg: str
    per: str
    ply: str
    blk: str
    stp: str
    pln: str
    tgt: str
    cnv: str
    whk: str
    evn: str


def furnish(member: Membership) -> Things:
    """Make one of everything in the member's organisation: `fresh` is an unqualified deal, `end` a stage for lost,
    `top` a second team, `named` a placeholder, `draft` a strategy that was never active, `other` a second company,
    `like` a second contact."""
    with tenant_scope(member.tenant_id):
        company = Company.objects.create(name="Alder Foods", revenue=5_000_000_00, revenue_currency="EUR")
        reason = EndReason.objects.create(kind="lost", name="Chose a competitor")
        deal = make_deal(actor=member, name="Leak analytics", company=company)
        fresh = make_deal(actor=member, name="Pump watch", qualified_on=None)
        kind, output = ActivityType.objects.order_by("position")[0], OutputType.objects.order_by("position")[0]
        activity = log_activity(
            actor=member, type=kind, at=NOON, recorded_at=NOON, deal=deal, outputs=[Gave(output, "They wrote back")]
        )
        milestone_type = MilestoneType.objects.order_by("position")[0]
        shown = Upload("minutes.txt", 20, BytesIO(b"We want this by May."))
        address = "https://example.com/minutes"
        milestone = record_milestone(
            actor=member, deal=deal, type=milestone_type, at=NOON, evidence=address, uploads=[shown]
        )
        token = make_token(actor=member, name="another program", scopes=["deals:read"], at=timezone.now()).token
        top, team = Team.objects.create(name="Sales"), Team.objects.create(name="Nordics")
        invitation = invite(actor=member, email="karl@example.com", role="rep", at=timezone.now())
        strategy = make_strategy(actor=member)
        said = read(strategy.versions.get().content)
        draft = begin_strategy(actor=member, name="Another", at=NOON, content=said)
        parts = {part.kind: part.pk for part in strategy.parts.all()}
        other, like = (Company.objects.create(name=name) for name in ("Birch Foods", "Alder Food"))
        contact, role = Contact.objects.create(name="Nina Berg", company=company), BuyingRole.Role.CHAMPION
        BuyingRole.objects.create(deal=deal, contact=contact, role=role)
        same = Contact.objects.create(name="N. Berg")
        merge_contacts(keep=contact, gone=same, actor=member, at=NOON)
        merge = merge_companies(keep=company, gone=like, actor=member, at=NOON)
        twice = make_deal(actor=member, name="Leak analytic", company=company)
        deal.refresh_from_db()
        merge_deals(keep=deal, gone=twice, actor=member, at=NOON)
        asked = ask(actor=member, deal=deal, type=milestone_type, contact=contact, channel="link", at=NOON).confirmation
        edited = bulk_edit_deals(keys=[fresh.pk], actor=member, at=NOON, expected_close_on=NOON.date())
        soon = NOON.date()
        plan = plan_activity(type=kind, span="month", on=soon, deal=deal, actor=member, at=NOON)
        aim = {"number": 5, "per": "week", "why": "Each third call names what they want", "from_on": soon}
        target = set_target(type=kind, milestone=milestone_type, member=member, actor=member, at=NOON, **aim)
        talk = keep_question(
            company=company, prompt="challenges", question="What of 2028?", themes=["Water"], actor=member, at=NOON
        )
        webhook = add_webhook(actor=member, url=RECEIVER, at=NOON).webhook
        feed = Feed.objects.create(position=1)
        Event.objects.create(position=1, type="company.created", subject_kind="com", subject_id=company.pk)
        Delivery.objects.create(
            webhook=webhook, position=1, type="company.created", state="delivered", first_at=NOON, last_at=NOON
        )
        keys = {
            "stp": add_step(deal=deal, name="Workshop", due_on=soon, actor=member, at=NOON).pk,
            "pln": plan.pk,
            "tgt": target.pk,
            "cnv": talk.pk,
            "whk": webhook.pk,
            "evn": keys_of([1], key=feed.key)[0],
            "blk": edited.edit.pk,
            "str": strategy.pk,
            "draft": draft.pk,
            "seg": parts["segment"],
            "per": parts["persona"],
            "ply": parts["play"],
            "con": contact.pk,
            "other": other.pk,
            "like": Contact.objects.create(name="Nina B.").pk,
            "att": define_attribute(actor=member, at=NOON, of="company", name="Fleet size", kind="number").pk,
            "mrg": merge.pk,
            "team": team.pk,
            "top": top.pk,
            "inv": invitation.pk,
            "named": Membership.objects.create(name="Named by an import").pk,
            "tok": token.pk,
            "aud": AuditEvent.objects.order_by("pk")[0].pk,
            "org": member.tenant.public_id,
            "mem": member.pk,
            "com": company.pk,
            "pip": deal.pipeline_id,
            "stg": stage("Workshop").pk,
            "end": stage("Lost").pk,
            "rsn": reason.pk,
            "cmp": Competitor.objects.create(name="Alder Controls").pk,
            "src": DealSource.objects.create(name="A fair").pk,
            "fxr": ExchangeRate.objects.create(currency="SEK", from_on=NOON.date(), rate="0.09").pk,
            "deal": deal.pk,
            "fresh": fresh.pk,
            "act": activity.pk,
            "aty": kind.pk,
            "oty": output.pk,
            "out": activity.outputs.get().pk,
            "mst": milestone.pk,
            "evf": EvidenceFile.objects.get().pk,
            "cnf": asked.pk,
            "mty": milestone_type.pk,
        }
    kinds = {
        "other": "com",
        "like": "con",
        "draft": "str",
        "end": "stg",
        "fresh": "deal",
        "top": "team",
        "named": "mem",
    }
    return Things(**{name: ids.encode(kinds.get(name, name), key) for name, key in keys.items()})
