"""Bodies: JSON in UTF-8 that means one thing, of a size and depth that a deed can have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from accounts.refusals import Refused

LARGEST_BODY = 2 * 1024 * 1024
LARGEST_FILE = 10 * 1024 * 1024
DEEPEST = 16


class MalformedJSON(Refused):
    """The body is no JSON, or JSON that two programs could read differently: broken UTF-8, half a surrogate pair,
    a NUL character, a key given twice, NaN or Infinity, a number of thousands of digits, too many levels."""

    code = "malformed_json"
    status = 400
    sentence = "The body cannot be read as JSON: {why}."


class TooLarge(Refused):
    """The body is larger than 2 MB of JSON, or than 10 MB of a file. Send it in parts."""

    code = "too_large"
    status = 413
    sentence = "The body is larger than {limit} bytes. Send it in parts."


class LengthRequired(Refused):
    """The body came in chunks without a Content-Length."""

    code = "length_required"
    status = 411
    sentence = "Send the body with a Content-Length."


class UnsupportedMediaType(Refused):
    """The body is something else than application/json, or than the application/octet-stream of a file."""

    code = "unsupported_media_type"
    status = 415
    sentence = "Send the body as {wanted}, not as {given}."


class StrictJSONParser(BaseParser):
    """Reads a JSON body that leaves nothing to guess."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The body as plain values. Raises TooLarge or MalformedJSON."""
        return loads(_read(stream, (parser_context or {})["request"], LARGEST_BODY))


class FileParser(BaseParser):
    """Takes a body as the content of a file: bytes, of which the deed says what they are."""

    media_type = "application/octet-stream"

    def parse(  # type: ignore[override]
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """The bytes. Raises TooLarge."""
        return _read(stream, (parser_context or {})["request"], LARGEST_FILE)


def _read(stream: IO[Any], request: Any, largest: int) -> bytes:
    if _length(request.META.get("CONTENT_LENGTH")) > largest:
        raise TooLarge(limit=largest)  # before a byte of it is read
    body: bytes = stream.read(largest + 1)
    if len(body) > largest:
        raise TooLarge(limit=largest)
    return body


def take_in(request: Any) -> None:
    """Read the body of a request before a transaction begins: the database ends one that waits for a slow sender. One
    that is too large stays unread, and is refused by the action."""
    largest = LARGEST_FILE if request.content_type == FileParser.media_type else LARGEST_BODY
    if 0 < _length(request.META.get("CONTENT_LENGTH")) <= largest:
        request._body = request.read()


def loads(body: bytes) -> Any:
    """The one meaning of a JSON text. Raises MalformedJSON."""
    try:
        value = json.loads(body.decode(), object_pairs_hook=_no_key_twice, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise MalformedJSON(why="it is not UTF-8") from error
    except RecursionError as error:
        raise MalformedJSON(why=f"it has more than {DEEPEST} levels") from error
    except json.JSONDecodeError as error:
        raise MalformedJSON(why=f"{error.msg}, at character {error.pos}") from error
    except ValueError as error:
        # int() of thousands of digits costs time that grows with their square.
        raise MalformedJSON(why="it has a number with too many digits") from error
    _check(value, DEEPEST)
    return value


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise MalformedJSON(why="it has a key twice")
    return found


def _no_constant(name: str) -> Any:
    raise MalformedJSON(why=f"it has {name}")


def _check(value: Any, levels: int) -> None:
    """Refuse what PostgreSQL cannot store as text, and what is nested deeper than any input of ours."""
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict | list):
        if not levels:
            raise MalformedJSON(why=f"it has more than {DEEPEST} levels")
        if isinstance(value, dict):
            for key in value:
                _check_text(key)
            value = value.values()
        for inner in value:
            # Most are texts: asked here, or each would cost a call that asks again what it is.
            if inner.__class__ is str:
                if not inner.isascii() or "\0" in inner:
                    _check_text(inner)
            else:
                _check(inner, levels - 1)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise MalformedJSON(why="it has a NUL character")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise MalformedJSON(why="it has half a surrogate pair") from error


def _length(given: str | None) -> int:
    return int(given) if given and given.isascii() and given.isdigit() else 0
