"""Examples that run as they stand: a reader sets TOKEN, pastes, and gets an answer about their own rows.

An id in an example is taken from a list, or of a row that the example makes first, so that nobody's rows change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from accounts.api import ids
from accounts.api.schema import document

KIND = re.compile(rf"^\^(\w+)_{re.escape(ids.PATTERN)}\$$")
# What fields of these names hold in examples, where the operation has no example of its own.
USUAL: Mapping[str, Any] = {
    "name": "Leak analytics",
    "amount": 1_250_000,
    "currency": "EUR",
    "at": "$(date -u +%FT%TZ)",
    "minutes": 25,
    "words": "We want this before the audit.",
    "evidence": "https://example.com/minutes.pdf",
    "note": "They asked us.",
    "email": "nina@example.com",
}
# Bodies that say more than what is needed, by what the operation is called.
BODIES: Mapping[str, Mapping[str, Any]] = {
    "create_deal": {"name": "Leak analytics", "company": "$COMPANY", "amount": 1_250_000, "currency": "EUR"},
    "create_activity": {
        "type": "$ACTIVITY_TYPE",
        "at": "$(date -u +%FT%TZ)",
        "deal": "$DEAL",
        "minutes": 25,
        "outputs": [{"type": "$OUTPUT_TYPE", "note": "They wrote back"}],
    },
    "change_activity": {"minutes": 40, "purpose_reached": True},
    "put_activity": {"type": "$ACTIVITY_TYPE", "at": "$(date -u +%FT%TZ)", "minutes": 25},
    "upsert_activities": {
        "items": [
            {
                "source": "mail",
                "external_id": "4711",
                "type": "$ACTIVITY_TYPE",
                "at": "$(date -u +%FT%TZ)",
                "minutes": 10,
            }
        ]
    },
    "create_output": {"activity": "$ACTIVITY", "type": "$OUTPUT_TYPE", "note": "Loss map"},
    "change_output": {"note": "Loss map of three regions"},
    "create_activity_type": {"name": "Site visit $(date +%s%N)", "icon": "company", "usual_minutes": 90},
    "change_activity_type": {"usual_minutes": 60},
    "create_milestone_type": {
        "name": "Pilot agreed $(date +%s%N)",
        "statement": "The customer agrees on a pilot and on how it is judged.",
    },
    # Few are in use at a time: the example makes room again.
    "change_milestone_type": {"is_archived": True},
    "create_milestone_event": {"kind": "evidenced", "evidence": "https://example.com/letter.pdf"},
    "create_output_type": {"name": "Measurements sent $(date +%s%N)"},
    "change_output_type": {"is_archived": True},
    "move_deal": {"stage": "$STAGE"},
    "update_deal": {"amount": 1_100_000, "expected_close_on": "2030-01-31"},
    "put_deal": {"name": "Leak analytics", "amount": 1_250_000},
    "upsert_deals": {"items": [{"source": "crm", "external_id": "4711", "name": "Leak analytics"}]},
    "bulk_edit_deals": {"deals": ["$DEAL"], "change": {"expected_close_on": "2030-01-31"}},
    "merge_deal": {"gone": "$GONE"},
    "undo_deal_merge": {},
    "create_strategy": {"name": "Mid-market $(date +%s%N)", "template": "mid_market_direct"},
    "change_strategy": {"name": "Mid-market $(date +%s%N)"},
    "create_token": {"name": "Nightly report", "scopes": ["deals:read"]},
    "create_team": {"name": "Field sales $(date +%s%N)"},
    "change_team": {"name": "Field sales $(date +%s%N)"},
    "create_company": {"name": "Alder Foods", "domain": "alderfoods.com", "industry": "Food", "tags": ["Dairy"]},
    "change_company": {"industry": "Food", "employees": 1200},
    "put_company": {"name": "Alder Foods", "domain": "alderfoods.com"},
    "upsert_companies": {"items": [{"source": "crm", "external_id": "4711", "name": "Alder Foods"}]},
    "merge_company": {"gone": "$GONE"},
    "undo_company_merge": {},
    "create_contact": {"name": "Nina Berg", "title": "Plant manager", "email": "nina@example.com"},
    "change_contact": {"title": "Plant manager"},
    "put_contact": {"name": "Nina Berg", "email": "nina@example.com"},
    "upsert_contacts": {"items": [{"source": "crm", "external_id": "4711", "name": "Nina Berg"}]},
    "merge_contact": {"gone": "$GONE"},
    "undo_contact_merge": {},
    "create_attribute": {"of": "deal", "name": "Fleet size", "key": "fleet_$(date +%s%N)", "kind": "number"},
    "change_attribute": {"name": "Number of lorries"},
    "put_buying_role": {"role": "champion"},
    "create_pipeline": {"name": "Renewals $(date +%s%N)"},
    "change_pipeline": {"name": "Renewals $(date +%s%N)"},
    "create_stage": {"pipeline": "$PIPELINE", "name": "Pilot $(date +%s%N)", "patience_days": 30},
    "change_stage": {"patience_days": 45},
    "create_end_reason": {"kind": "lost", "name": "Price $(date +%s%N)"},
    "change_end_reason": {"is_archived": True},
    "create_competitor": {"name": "Halden $(date +%s%N)"},
    "change_competitor": {"is_archived": True},
    "create_deal_source": {"name": "Hannover fair $(date +%s%N)"},
    "change_deal_source": {"is_archived": True},
    # A day long ago, of which nobody has written down a rate.
    "create_exchange_rate": {"currency": "ISK", "from_on": "$(date -d @$(date +%N) +%F)", "rate": "0.0069"},
    "create_confirmation": {
        "deal": "$DEAL",
        "type": "$MILESTONE_TYPE",
        "name": "Nina Berg",
        "statement": "Leakage from 18% to 12%, before 2029.",
        "channel": "link",
    },
    "create_invitation": {"email": "nina.$(date +%s%N)@example.com", "role": "rep"},
    "create_mutual_step": {"deal": "$DEAL", "name": "Security review", "due_on": "2030-01-31"},
    "change_mutual_step": {"due_on": "2030-02-28"},
    "create_plan": {"type": "$ACTIVITY_TYPE", "span": "week", "on": "$(date +%F)", "purpose": "Agree on the goal"},
    "change_plan": {"purpose": "Agree on what they want"},
    "move_plan": {"on": "$(date -d +21days +%F)", "note": "They are ill"},
    "drop_plan": {"note": "They wait for spring"},
    "create_target": {
        "type": "$ACTIVITY_TYPE",
        "number": 5,
        "per": "week",
        "milestone": "$MILESTONE_TYPE",
        "why": "Each third call names what they want",
        "from_on": "2026-11-16",
    },
    "change_target": {"number": 4},
    "create_conversation": {"company": "$COMPANY", "prompt": "markets", "question": "What changes by 2029?"},
    "change_conversation": {"heard": "They must prove loss by district.", "themes": ["2029 rules"]},
    "create_webhook": {"url": "https://1.1.1.1/events", "types": ["deal.moved", "deal.closed"]},
    "change_webhook": {"types": ["deal.moved"]},
    # The name that they have: nobody's changes because somebody has tried an example.
    "change_member": {"name": "$NAME"},
    "update_organisation": {"name": "$NAME"},
}
# How a row is made of which an example is about to change something.
MADE: Mapping[str, Mapping[str, Any]] = {
    "deals": {"name": "Leak analytics"},
    "tokens": {"name": "For an hour", "scopes": ["deals:read"]},
    "strategies": BODIES["create_strategy"],
    "companies": {"name": "Alder Foods"},
    "contacts": {"name": "Nina Berg"},
    "attributes": BODIES["create_attribute"],
    "teams": BODIES["create_team"],
    "invitations": BODIES["create_invitation"],
    "pipelines": BODIES["create_pipeline"],
    "stages": BODIES["create_stage"],
    "activities": {"type": "$ACTIVITY_TYPE", "at": "$(date -u +%FT%TZ)"},
    "outputs": BODIES["create_output"],
    "activity_types": BODIES["create_activity_type"],
    "milestone_types": BODIES["create_milestone_type"],
    "output_types": BODIES["create_output_type"],
    "end_reasons": BODIES["create_end_reason"],
    "competitors": BODIES["create_competitor"],
    "deal_sources": BODIES["create_deal_source"],
    "exchange_rates": BODIES["create_exchange_rate"],
    "mutual_steps": BODIES["create_mutual_step"],
    "plans": BODIES["create_plan"],
    "targets": BODIES["create_target"],
    "conversations": BODIES["create_conversation"],
    "confirmations": BODIES["create_confirmation"],
    "webhooks": BODIES["create_webhook"],
}
WHY, WHO, HOW = (f"01981f5e-0000-7000-8000-00000000000{number}" for number in (1, 2, 3))
COMPLETE: Mapping[str, Any] = {
    "name": "Utilities $(date +%s%N)",
    "text": {
        "title": "Become the leakage partner",
        "goal": {"measure": "New revenue", "amount": 600_000_000, "currency": "EUR", "by": "2027-12-31"},
        "differences": [{"id": WHY, "name": "Works on existing meters"}],
        "segments": [
            {"id": WHO, "name": "Utilities", "rules": [{"fact": "industry", "test": "one_of", "words": ["Utilities"]}]}
        ],
        "plays": [
            {
                "id": HOW,
                "name": "Loss-map workshop",
                "segment": WHO,
                "difference": WHY,
                "activities": [{"type": "$ACTIVITY_TYPE", "number": 4}],
                "milestones": ["$MILESTONE_TYPE"],
                "rates": {"activity_to_output": 0.3, "output_to_milestone": 0.4, "milestone_to_win": 0.5},
            }
        ],
    },
}
# The same, where an operation needs more of the row than others do.
MADE_FOR: Mapping[str, Mapping[str, Any]] = {"activate_strategy": COMPLETE, "retire_strategy": COMPLETE}
# What belongs before or after an example, so that everything is as it was.
AROUND = {
    "deactivate_member": (None, "reactivation"),
    "reactivate_member": ("deactivation", None),
    "retire_strategy": ("activation", None),
}
# Where not the first row of a list is meant: the last open stage is another one than that of a new deal.
CHOSEN = {"stg": ("?kind=open", "tail -1"), "mem": ("", "tail -1")}
# Whom an import named, and nobody can sign in as: it throws out nobody.
SUBJECTS = {
    **dict.fromkeys(AROUND, "?is_placeholder=true&limit=1"),
    # A draft has said nothing yet.
    "get_strategy_version": "?state=active&limit=1",
}
NAMES = {"statistics": "chance_to_win"}
# What stands in an address beside ids.
NAMED = {"{source}": "crm", "{external_id}": "4711", "{number}": "1"}
# What has to be done before there is what an example is about: how, where behind its address without the last part, and
# with which body.
BEFORE: Mapping[str, tuple[str, bool, Mapping[str, Any]]] = {
    "undo_company_merge": ("POST", False, BODIES["merge_company"]),
    "undo_contact_merge": ("POST", False, BODIES["merge_contact"]),
    "undo_deal_merge": ("POST", False, BODIES["merge_deal"]),
    "get_buying_role": ("PUT", True, BODIES["put_buying_role"]),
    "remove_buying_role": ("PUT", True, BODIES["put_buying_role"]),
}
VARIABLE = re.compile(r"\$([A-Z_]+)")
OWN_NAME = "NAME"
FILE = "application/octet-stream"
# What stands in the address of an operation beside its place, for the outcome of a list that has not ended.
ASKED: Mapping[str, str] = {"add_evidence_file": "?milestone=$MILESTONE&name=minutes.txt"}
REACHED = "?state=reached&limit=1"
# A second row of the kind that the example is about.
OTHER = "GONE"


def resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema behind a reference; of several, the first."""
    if several := schema.get("anyOf") or schema.get("oneOf"):
        return resolved(several[0])
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def kind_of(schema: Mapping[str, Any]) -> str:
    """The type of the id that a schema takes; empty for anything else."""
    found = KIND.match(str(schema.get("pattern", "")))
    return found[1] if found else ""


def curl(site: str, path: str, method: str, told: Mapping[str, Any]) -> str:
    """An example of an operation, with what has to be known before."""
    body = _body(told)
    address = f"{site}{path}"
    steps: list[str] = []
    for name, text in NAMED.items():
        address = address.replace(name, text)
    for given in told.get("parameters", ()):
        # The row that it belongs to: a deal's person, a webhook's deliveries.
        if given["in"] == "path" and given["name"] != "id" and (kind := kind_of(given["schema"])):
            steps.append(taken(site, kind))
            address = address.replace(f"{{{given['name']}}}", f"${_lists()[kind][0]}")
    if "{id}" in path:
        address = address.replace("{id}", _subject(site, path, method, told, steps))
    first = BEFORE.get(told["operationId"])
    given = json.dumps([body, first and first[2]], ensure_ascii=False)
    lists = {variable: kind for kind, (variable, _) in _lists().items()}
    wanted = dict.fromkeys(VARIABLE.findall(given))
    steps += [taken(site, lists[variable]) for variable in wanted if variable not in (OWN_NAME, OTHER)]
    if OTHER in wanted:
        making = next(step for step in steps if "--json" in step)
        steps.append(f"{OTHER}={making.partition('=')[2]}")
    if OWN_NAME in wanted:
        steps.append(
            f'NAME=$(curl -s "{address}?fields=name" \\\n  -H "Authorization: Bearer $TOKEN" |'
            ' grep -o \'"name":"[^"]*\' | cut -d \'"\' -f 4)'
        )
    if asked := ASKED.get(told["operationId"]):
        steps.append(taken(site, ids.MILESTONE, REACHED))
        address += asked
    headers = [parameter["name"] for parameter in told.get("parameters", ()) if parameter["in"] == "header"]
    if "If-Match" in headers and method != "POST":
        steps.append(
            f'ETAG=$(curl -s -o /dev/null -w \'%header{{etag}}\' "{address}" \\\n  -H "Authorization: Bearer $TOKEN")'
        )
    if first is not None:
        verb, is_same, sent = first
        steps.append(call(address if is_same else address.rpartition("/")[0], verb, sent))
    before, after = AROUND.get(told["operationId"], (None, None))
    base = address.rpartition("/")[0]
    steps += [call(f"{base}/{before}", "POST")] if before else []
    file = FILE if FILE in told.get("requestBody", {}).get("content", {}) else ""
    steps.append(call(address, method, body, matched="If-Match" in headers and method != "POST", file=file))
    steps += [call(f"{base}/{after}", "POST")] if after else []
    return "\n\n".join(dict.fromkeys(steps))


def call(
    address: str, method: str, body: Mapping[str, Any] | None = None, *, matched: bool = False, file: str = ""
) -> str:
    """One call of curl. Its body stands in lines of its own, where the shell fills in the ids; `file` is the media type
    of one that is a file."""
    is_plain = method == "GET" or (method == "POST" and (body is not None or bool(file)))
    verb = "" if is_plain else f" -X {method}"
    lines = [f'curl{verb} "{address}"', '  -H "Authorization: Bearer $TOKEN"']
    if method == "POST":
        lines.append('  -H "Idempotency-Key: $(date +%s%N)"')
    if matched:
        lines.append('  -H "If-Match: $ETAG"')
    if file:
        lines += [f'  -H "Content-Type: {file}"', f"  --data-binary @- <<FILE\n{USUAL['words']}\nFILE"]
    if body is None:
        return " \\\n".join(lines)
    return " \\\n".join([*lines, f"  --json @- <<JSON\n{_printed(body)}\nJSON"])


def _printed(body: Mapping[str, Any]) -> str:
    """JSON as people write it: a line for each field where one line would be long."""
    line = json.dumps(body, ensure_ascii=False)
    if len(line) <= 60:
        return line
    fields = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in body.items()
    )
    return f"{{\n{fields}\n}}"


def _subject(site: str, path: str, method: str, told: Mapping[str, Any], steps: list[str]) -> str:
    """What stands in the address for the row, after the steps that find or make it."""
    schema = next(given["schema"] for given in told["parameters"] if given["name"] == "id")
    kind, resource = kind_of(schema), path.split("/")[3]
    if not kind:
        return NAMES[resource]
    if kind == ids.BULK_EDIT:
        steps += [taken(site, ids.DEAL), made(site, kind, "deals:bulk", BODIES["bulk_edit_deals"])]
        return f"${_lists()[kind][0]}"
    if method == "GET" or "{deal}" in path or "post" not in document()["paths"].get(f"/api/v1/{resource}", {}):
        steps.append(taken(site, kind, SUBJECTS.get(told["operationId"], "")))
    else:
        body = MADE_FOR.get(told["operationId"]) or _made_of(resource)
        kinds = {variable: kind for kind, (variable, _) in _lists().items()}
        needed = VARIABLE.findall(json.dumps(body))
        steps += [taken(site, kinds[variable]) for variable in needed if variable in kinds]
        steps.append(made(site, kind, resource, body))
    return f"${_lists()[kind][0]}"


def taken(site: str, kind: str, among: str = "") -> str:
    """The step that takes an id of this type from its list."""
    variable, path = _lists()[kind]
    query, pick = (among, "head -1") if among else CHOSEN.get(kind, ("?limit=1", "head -1"))
    return (
        f'{variable}=$(curl -s "{site}{path}{query}" \\\n  -H "Authorization: Bearer $TOKEN" |'
        f" grep -o '{kind}_[0-9a-z]\\{{26\\}}' | {pick})"
    )


def _made_of(resource: str) -> Mapping[str, Any]:
    return MADE.get(resource) or _body(document()["paths"][f"/api/v1/{resource}"]["post"]) or {}


def made(site: str, kind: str, resource: str, body: Mapping[str, Any]) -> str:
    """The step that makes a row of its own for the example."""
    return (
        f'{_lists()[kind][0]}=$(curl -s "{site}/api/v1/{resource}" \\\n  -H "Authorization: Bearer $TOKEN" \\\n'
        f"  --json {_quoted(body)} | grep -o '{kind}_[0-9a-z]\\{{26\\}}' | head -1)"
    )


def _quoted(body: Mapping[str, Any]) -> str:
    """JSON as one word of the shell, which fills in what begins with a dollar."""
    text = json.dumps(body, ensure_ascii=False)
    if "$" not in text:
        return f"'{text}'"
    return '"' + text.replace('"', '\\"') + '"'


def _body(told: Mapping[str, Any]) -> Mapping[str, Any] | None:
    content = told.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    if told["operationId"] in BODIES:
        return BODIES[told["operationId"]]
    schema = resolved(content["schema"])
    wanted = [*schema.get("required", ()), *(name for name in USUAL if name in schema["properties"])]
    return {name: _value(name, resolved(schema["properties"][name])) for name in dict.fromkeys(wanted)}


def _value(name: str, schema: Mapping[str, Any]) -> Any:
    if kind := kind_of(schema):
        return f"${_lists()[kind][0]}"
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "array":
        return [_value(name, resolved(schema["items"]))]
    if schema.get("type") == "boolean":
        return True
    return USUAL.get(name, name.replace("_", " ").capitalize())


@cache
def _lists() -> dict[str, tuple[str, str]]:
    """By type of id: the variable of examples that holds one, and the list to take it from."""
    found: dict[str, tuple[str, str]] = {}
    for path, kind, name in _rows():
        variable = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()
        # The secret itself is called TOKEN.
        found.setdefault(kind, ("TOKEN_ID" if variable == "TOKEN" else variable, path))
    return found


def _rows() -> Iterator[tuple[str, str, str]]:
    for path, methods in document()["paths"].items():
        if "{" in path or "get" not in methods:
            continue
        page = resolved(methods["get"]["responses"]["200"]["content"]["application/json"]["schema"])
        if "data" in page["properties"]:
            (reference, *_) = page["properties"]["data"]["items"]["anyOf"]
            row = resolved(reference)
            if kind := kind_of(row["properties"].get("id", {})):
                yield path, kind, reference["$ref"].rpartition("/")[2]
