"""What a change of the OpenAPI document would break for a program that was written against the released one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
# An answer may get narrower here and an input wider, never the other way round.
UPPER, LOWER = ("maximum", "maxLength", "maxItems"), ("minimum", "minLength", "minItems")


def breaking(old: Schema, new: Schema) -> list[str]:
    """Each thing that the old document promised and the new one does not, in words."""
    return sorted(_Comparison(old, new).all())


class _Comparison:
    def __init__(self, old: Schema, new: Schema) -> None:
        self.old, self.new = old, new

    def all(self) -> Iterator[str]:
        for path, methods in self.old["paths"].items():
            for method, operation in methods.items():
                place = f"{method.upper()} {path}"
                now = self.new["paths"].get(path, {}).get(method)
                if now is None:
                    yield f"{place} is gone"
                else:
                    yield from self._operation(place, operation, now)

    def _operation(self, place: str, old: Schema, new: Schema) -> Iterator[str]:
        if old["operationId"] != new["operationId"]:
            yield f"{place} is called {new['operationId']} instead of {old['operationId']}"
        if lost := set(old["security"][0]["token"]) - set(new["security"][0]["token"]):
            yield f"{place} is not included in the scope {', '.join(sorted(lost))} any more"
        yield from self._parameters(place, _named(old), _named(new))
        yield from self._body(place, old, new)
        for status, answer in old["responses"].items():
            if status.startswith("2"):
                if status not in new["responses"]:
                    yield f"{place} does not answer {status} any more"
                else:
                    yield from self._answers(place, _schema(answer), _schema(new["responses"][status]))

    def _parameters(self, place: str, old: dict[str, Schema], new: dict[str, Schema]) -> Iterator[str]:
        for name in old.keys() - new.keys():
            yield f"{place} does not know the parameter {name} any more"
        for name, told in new.items():
            if name not in old:
                if told.get("required"):
                    yield f"{place} needs the new parameter {name}"
                continue
            if told.get("required") and not old[name].get("required"):
                yield f"{place} needs the parameter {name} now"
            yield from self._given(f"{place} {name}", old[name]["schema"], told["schema"])

    def _body(self, place: str, old: Schema, new: Schema) -> Iterator[str]:
        before, now = _schema(old.get("requestBody", {})), _schema(new.get("requestBody", {}))
        if before is not None and now is not None:
            yield from self._given(f"{place} body", before, now)
        elif now is not None:
            yield f"{place} takes a body now"
        elif before is not None:
            yield f"{place} takes no body any more"

    def _answers(self, place: str, old: Schema | None, new: Schema | None) -> Iterator[str]:
        if old is not None and new is not None:
            yield from self._answered(f"{place} answer", old, new)
        elif old is not None:
            yield f"{place} answers with nothing now"

    def _given(self, place: str, old: Schema, new: Schema) -> Iterator[str]:
        """What was taken is taken."""
        old, new = _seen(self.old, old), _seen(self.new, new)
        if lost := _types(old) - _types(new):
            yield f"{place} may not be {', '.join(sorted(lost))} any more"
            return
        yield from _lost_words(place, old, new)
        if "pattern" in new and new["pattern"] != old.get("pattern"):
            yield f"{place} has to match {new['pattern']} now"
        for name in UPPER:
            if name in new and new[name] < old.get(name, float("inf")):
                yield f"{place} has the {name} {new[name]} now"
        for name in LOWER:
            if name in new and new[name] > old.get(name, float("-inf")):
                yield f"{place} has the {name} {new[name]} now"
        fields, now = old.get("properties", {}), new.get("properties", {})
        for name in fields.keys() - now.keys():
            yield f"{place}/{name} is gone"
        for name in set(new.get("required", ())) - set(old.get("required", ())):
            yield f"{place}/{name} is needed now"
        for name in fields.keys() & now.keys():
            yield from self._given(f"{place}/{name}", fields[name], now[name])
        if "items" in old and "items" in new:
            yield from self._given(f"{place}/*", old["items"], new["items"])

    def _answered(self, place: str, old: Schema, new: Schema) -> Iterator[str]:
        """What was answered is answered, to a program that asked for nothing more or less."""
        old, new = _seen(self.old, old), _seen(self.new, new)
        if added := _types(new) - _types(old):
            yield f"{place} may be {', '.join(sorted(added))} now"
            return
        yield from _lost_words(place, old, new)
        if old.get("format") != new.get("format"):
            yield f"{place} has the format {new.get('format')} instead of {old.get('format')}"
        fields, now = old.get("properties", {}), new.get("properties", {})
        for name in fields.keys() - now.keys():
            yield f"{place}/{name} is gone"
        for name in (set(old.get("required", ())) - set(new.get("required", ()))) & now.keys():
            yield f"{place}/{name} may be missing now"
        for name in fields.keys() & now.keys():
            yield from self._answered(f"{place}/{name}", fields[name], now[name])
        if "items" in old and "items" in new:
            yield from self._answered(f"{place}/*", old["items"], new["items"])


def _named(operation: Schema) -> dict[str, Schema]:
    return {given["name"]: given for given in operation.get("parameters", ())}


def _schema(told: Schema) -> Schema | None:
    schema: Schema | None = told.get("content", {}).get("application/json", {}).get("schema")
    return schema


def _seen(document: Schema, schema: Schema) -> Schema:
    """The schema behind a reference; of several, the whole row, and of a row and its name, the name."""
    if "$ref" in schema:
        return _seen(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if several := schema.get("anyOf") or schema.get("oneOf"):
        shapes = [one for one in several if one.get("type") != "null"]
        chosen = next((one for one in shapes if one.get("$ref", "").endswith("Ref")), shapes[0])
        seen = _seen(document, chosen)
        return seen if len(shapes) == len(several) else seen | {"type": [*_types(seen), "null"]}
    return schema


def _types(schema: Schema) -> set[str]:
    kind = schema.get("type", "object")
    return set(kind) if isinstance(kind, list) else {kind}


def _lost_words(place: str, old: Schema, new: Schema) -> Iterator[str]:
    if "enum" in new and (lost := set(old.get("enum", ())) - set(new["enum"])):
        yield f"{place} does not know {', '.join(map(str, sorted(lost, key=str)))} any more"
