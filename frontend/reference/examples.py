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
from frontend.reference.samples import (
    AROUND,
    BEFORE,
    BODIES,
    CHOSEN,
    MADE,
    MADE_FOR,
    NAMED,
    NAMES,
    SUBJECTS,
    USUAL,
)

KIND = re.compile(rf"^\^(\w+)_{re.escape(ids.PATTERN)}\$$")
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
