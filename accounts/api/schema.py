"""How a resource describes itself in the OpenAPI document: everything comes from what the view states."""

from __future__ import annotations

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from accounts.api import fields, ids, nouns
from accounts.api.permissions import scopes_for
from accounts.api.problems import MEDIA_TYPE
from accounts.api.tags import Match

ALWAYS = {
    "400": "The address cannot be understood: see `errors`.",
    "401": "No token, or one that opens nothing.",
    "403": "The member's role or the token's scopes do not include this.",
    "429": "Too many requests.",
    "500": "A fault of ours.",
    "503": "Too busy to answer in time.",
}
UNCHANGED = {"304": "Nothing has changed since the ETag in If-None-Match."}
OF_ONE = {"404": "There is no such row in this organisation."}
OF_DEEDS = {
    "409": "The state of things stands against it, or the same request is being worked on.",
    "411": "The body came without a length.",
    "413": "The body is larger than 2 MB of JSON, or 10 MB of a file.",
    "415": "The body is not of the media type that the operation takes.",
    "422": "What was given cannot be used: see `errors`.",
}
OF_GUARDED = {"412": "The row has changed since the ETag in If-Match."}
OF_REPLACING = {"428": "The header If-Match is needed here."}
OF_FOLLOWED = {"410": "What followed the event is not kept any more."}
ONE_TAG = r'(W/)?"[!#-~]*"'
TAG = {"type": "string", "maxLength": 1000, "pattern": rf"^(\*|{ONE_TAG}(, ?{ONE_TAG})*)$"}
WRITES = ("POST", "PUT", "PATCH", "DELETE")
HEADERS = {
    "ETag": "What this answer is recognised by: for If-None-Match, and for If-Match where it is a single row.",
    "Link": "The next page (rel=next), where there is one.",
    "RateLimit": 'What is left, for each limit: `"token";r=599;t=1`, r requests, all of them again in t seconds. This'
    " header and the next are those of draft-ietf-httpapi-ratelimit-headers-10, which may change.",
    "RateLimit-Policy": 'The limits: `"token";q=600;w=60`, q requests in w seconds.',
    "Location": "The address of what was made.",
    "Deprecation": "Since when this should not be used any more (RFC 9745); the header Link leads to what instead.",
    "Sunset": "Until when it works (RFC 8594), where that is known.",
    "X-Request-Id": "Tell it when you ask about this answer.",
}


class ProblemItem(fields.Output):
    """One thing that is wrong: in the body (`pointer`), the address (`parameter`) or a header (`header`)."""

    pointer = fields.Text(longest=400, required=False, help_text="JSON pointer into the body, as #/name")
    parameter = fields.Text(longest=100, required=False)
    header = fields.Text(longest=100, required=False)
    code = fields.Text(longest=100)
    detail = fields.Text(longest=2000)


class Problem(fields.Output):
    """A refusal (RFC 9457). `type` is stable and leads to its explanation; `detail` is for people."""

    type = fields.Text(longest=200, help_text="/api/errors#code")
    title = fields.Text(longest=200)
    status = fields.Whole(least=400, most=599)
    detail = fields.Text(longest=2000)
    instance = fields.Text(longest=200, help_text="This one occurrence")
    code = fields.Text(longest=100, help_text="The last part of `type`")
    errors = ProblemItem(many=True)  # type: ignore[assignment]
    data = fields.Anything(help_text="What the sentence is filled from")  # type: ignore[assignment]
    request_id = fields.Text(longest=64, help_text="Tell it when you ask about this answer")


class Schema(AutoSchema):
    """Describes one operation of a `Resource`."""

    view: Any

    def scopes(self) -> list[str]:
        """The scopes of a token that include this operation."""
        return [scope for one in self.needs() for scope in one]

    def needs(self) -> list[list[str]]:
        """Lists of scopes, of each of which a token needs one."""
        action = self.view.action
        return [scopes_for(one) for one in (self.view.access[action], *self.view.also.get(action, ()))]

    def get_operation_id(self) -> str:
        return self.view.names[self.view.action]  # type: ignore[no-any-return]

    def get_tags(self) -> list[str]:
        return [self._tokenize_path()[0].partition(":")[0]]

    def get_summary(self) -> str:
        return self._sentences()[0]

    def get_description(self) -> str:  # type: ignore[override]
        rest = self._sentences()[1]
        needs = " and ".join(" or ".join(f"`{scope}`" for scope in one) for one in self.needs())
        ends = self.view.deprecated.get(self.view.action)
        parts = [rest, str(ends) if ends else "", f"Needs the scope {needs}."]
        return "\n\n".join(part for part in parts if part)

    def is_deprecated(self) -> bool:
        return self.view.action in self.view.deprecated

    def get_request_serializer(self) -> Any:
        if self._is_of_file() and self.method in WRITES:
            return OpenApiTypes.BINARY
        return self.view.takes.get(self.view.action)

    def _is_of_file(self) -> bool:
        return self.view.action in self.view.of_files

    def get_response_serializers(self) -> Any:
        given = self.view.gives.get(self.view.action)
        if given is None:
            return None
        return given(many=True) if self.view.action in self.view.lists else given()

    def get_override_parameters(self) -> list[Any]:
        found = [self._parameter(name, form) for name, form in self.view.parameters(self.view.action).items()]
        if self._takes_id():
            form = {"type": "string", "pattern": self.view.id_pattern or ids.pattern(self.view.kind)}
            found.append(OpenApiParameter("id", type=form, location="path", required=True))
        for name, (form, about) in self.view.placed.get(self.view.action, {}).items():
            found.append(OpenApiParameter(name, type=form, location="path", required=True, description=about))
        return [*found, *self._headers()]

    def _parameter(self, name: str, form: Any) -> OpenApiParameter:
        about, schema = self._about(name), form.schema()
        if schema["type"] == "array":
            return OpenApiParameter(name, type=schema, location="query", description=about, style="form", explode=False)
        needed = any(one.is_needed for one in self.view.filters.get(self.view.action, ()) if one.name == name)
        return OpenApiParameter(name, type=schema, location="query", description=about, required=needed)

    def _headers(self) -> list[OpenApiParameter]:
        """The headers that the operation heeds."""
        found = []
        if self.method == "POST":
            form = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x21-\x7e]+$"}
            about = (
                "Any text that is new for each request. Sent again within 24 hours, the request is answered as before"
                " and has no second effect."
            )
            found.append(OpenApiParameter("Idempotency-Key", type=form, location="header", description=about))
        if self.method == "GET":
            about = "An ETag that you have. If it is still the same, the answer is 304 without a body."
            found.append(OpenApiParameter("If-None-Match", type=TAG, location="header", description=about))
        if how := self._guard():
            about = "The ETag of the row that you read; 412 if it has changed since. `*` is any."
            needed = how is Match.NEEDED
            found.append(OpenApiParameter("If-Match", type=TAG, location="header", required=needed, description=about))
        return found

    def _guard(self) -> Match | None:
        return self.view.guarded.get(self.view.action)  # type: ignore[no-any-return]

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        given = self.get_response_serializers()
        is_file = self._is_of_file() and self.method == "GET"
        status = "200" if is_file else "204" if given is None else "201" if self.view.action == "create" else "200"
        makes_too = self.view.action == "put_by_external_id"
        answer: dict[str, Any] = (
            self._get_response_for_code(given, status) if given is not None else {}  # type: ignore[no-untyped-call]
        )
        if is_file:
            answer = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
        about = "What was asked for." if self.method == "GET" else "Done."
        bodies = {
            one: answer | {"description": about, "headers": self._answered_headers(one)}
            for one in (status, *(["201"] if makes_too else []))
        }
        self.resolve_serializer(Problem(), "response")
        said = ALWAYS | (OF_ONE if "{" in self.path else {}) | (UNCHANGED if self.method == "GET" else {})
        if self.method in WRITES:
            said |= OF_DEEDS
        if self._follows():
            said |= OF_FOLLOWED
        if how := self._guard():
            said |= OF_GUARDED | (OF_REPLACING if how is Match.NEEDED else {})
        bodies |= {code: {"$ref": f"#/components/responses/{code}"} for code in said}
        return dict(sorted(bodies.items()))

    def _answered_headers(self, status: str) -> dict[str, Any]:
        is_list = self.view.action in self.view.lists
        told = {
            "ETag": self.method == "GET" or (status != "204" and not is_list),
            "Link": is_list and self.view.action not in self.view.unpaged,
            "Location": status == "201",
            "Deprecation": self.is_deprecated(),
            "Sunset": self.is_deprecated(),
            "RateLimit": True,
            "RateLimit-Policy": True,
            "X-Request-Id": True,
        }
        return {name: {"$ref": f"#/components/headers/{name}"} for name in HEADERS if told[name]}

    def get_paginated_name(self, serializer_name: str) -> str:
        return f"{serializer_name}Page"

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if isinstance(serializer, fields.Input):
            schema["additionalProperties"] = False
        if isinstance(serializer, fields.Output):
            for name, noun in serializer.expands.items():
                named = schema["properties"][name]
                whole = self.resolve_serializer(noun.shape(), "response").ref
                schema["properties"][name] = {"anyOf": [whole, *named.get("oneOf", [named])]}
        return schema

    def _get_paginator(self) -> Any:
        return Paged(follows=self._follows())

    def _follows(self) -> bool:
        """Whether the list has no end: its reader goes on later."""
        return "after" in self.view.parameters(self.view.action)

    def _is_list_view(self, serializer: Any = None) -> bool:
        if serializer is not None:
            return isinstance(serializer, serializers.ListSerializer)
        return self.view.action in self.view.lists

    def _get_pagination_parameters(self) -> list[Any]:
        return []  # the view states them with the others

    def get_filter_backends(self) -> list[Any]:
        return []

    def _takes_id(self) -> bool:
        return "{id}" in self.path

    def _about(self, name: str) -> str:
        words = {
            "limit": "How many rows at the most.",
            "cursor": "Where the page begins: `next_cursor` of the last.",
            "fields": "Only these fields, with commas between; the id comes with them.",
            "expand": "Rows to show whole where they are named. " + self._cost_of_expanding(),
        }
        return words.get(name) or next(
            given.about for given in self.view.filters.get(self.view.action, ()) if given.name == name
        )

    def _cost_of_expanding(self) -> str:
        """Which scopes an operation needs for each row that it can show whole."""
        by_scope: dict[str, list[str]] = {}
        for name, noun in nouns.expandable(self.view.gives[self.view.action]).items():
            needs = " or ".join(f"`{scope}`" for scope in scopes_for(noun.access))
            by_scope.setdefault(needs, []).append(f"`{name}`")
        return " ".join(f"{', '.join(names)}: with {needs}." for needs, names in by_scope.items())

    def _sentences(self) -> tuple[str, str]:
        """The first line of the action's docstring, and the rest."""
        text = (getattr(self.view, self.view.action).__doc__ or "").strip()
        first, _, rest = text.partition("\n")
        return first.rstrip("."), "\n".join(line.strip() for line in rest.splitlines()).strip()


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of the routes, made once of what the views state."""
    return SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-any-return, no-untyped-call]


def share_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Write each problem answer once; the operations refer to it."""
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    said = ALWAYS | OF_ONE | OF_DEEDS | OF_GUARDED | OF_REPLACING | OF_FOLLOWED
    responses = {code: {"description": why, "content": problem} for code, why in said.items()}
    responses |= {code: {"description": why} for code, why in UNCHANGED.items()}
    result["components"]["responses"] = dict(sorted(responses.items()))
    result["components"]["headers"] = {
        name: {"description": about, "schema": {"type": "string"}} for name, about in HEADERS.items()
    }
    return result


def tell_parts(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say of each answer that knows `fields` that it may have some of them alone: `Deal`, or else `DealPart`."""
    schemas = result["components"]["schemas"]
    for methods in result["paths"].values():
        for operation in methods.values():
            if any(given["name"] == "fields" for given in operation.get("parameters", ())):
                place = operation["responses"]["200"]["content"]["application/json"]
                name = place["schema"]["$ref"].rpartition("/")[2]
                if name.endswith("Page"):
                    place, name = schemas[name]["properties"]["data"], name.removesuffix("Page")
                    place["items"] = _whole_or_part(schemas, name)
                else:
                    place["schema"] = _whole_or_part(schemas, name)
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result


def tell_webhooks(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say what is posted to webhooks: an event of the feed, signed by Standard Webhooks."""
    event = {"$ref": "#/components/schemas/FeedEvent"}
    told = {"type": {"type": "string"}, "timestamp": {"type": "string", "format": "date-time"}, "data": event}
    body = {"type": "object", "required": list(told), "properties": told}
    signed = {
        "webhook-id": "The event's id: the same each time it is sent.",
        "webhook-timestamp": "When it was sent, in seconds since 1970.",
        "webhook-signature": "v1, and the base 64 of HMAC-SHA256 over id.timestamp.body; two while the secret changes.",
    }
    result["webhooks"] = {
        "event": {
            "post": {
                "operationId": "take_event",
                "summary": "Something happened",
                "description": "Answer with 2xx within 5 seconds; 410 ends the webhook.",
                "parameters": [
                    {"name": name, "in": "header", "required": True, "description": about, "schema": {"type": "string"}}
                    for name, about in signed.items()
                ],
                "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
                "responses": {"2XX": {"description": "Taken."}},
            }
        }
    }
    return result


def _whole_or_part(schemas: dict[str, Any], name: str) -> dict[str, Any]:
    whole = schemas[name]
    part = {
        "type": "object",
        "description": f"The fields of `{name}` that were asked for.",
        "properties": whole["properties"],
    }
    schemas[f"{name}Part"] = part | ({"required": ["id"]} if "id" in whole["properties"] else {})
    return {"anyOf": [{"$ref": f"#/components/schemas/{name}"}, {"$ref": f"#/components/schemas/{name}Part"}]}


class Paged:
    """How a page of a list is wrapped; `follows` says of a list that it has no end, and is gone on with later."""

    def __init__(self, *, follows: bool = False) -> None:
        self._about_cursor = (
            "Give it as `after` for what comes next, now or later; null before the first event."
            if follows
            else "Give it as `cursor` for the next page; null on the last."
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema around that of the rows."""
        return {
            "type": "object",
            "required": ["data", "next_cursor", "next"],
            "properties": {
                "data": schema,
                "next_cursor": {
                    "type": ["string", "null"],
                    "description": self._about_cursor,
                },
                "next": {
                    "type": ["string", "null"],
                    "format": "uri",
                    "description": "The address of the next page, as in the header Link; null on the last.",
                },
            },
        }
