"""Entity tags: whether a row is still the one that a program has read (RFC 9110, section 8.8; RFC 6585).

The tag of a single row is `"<state>"` or `"<state>-<form>"`. The state is the row's version where it shows one, and
otherwise a digest of its whole representation; the form is a digest of what was sent, where that says more or less
than the state. If-None-Match is about the whole tag, If-Match about the state alone: who read a row with `fields` or
`expand` has read the same row. Lists have weak tags.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum, auto
from hashlib import blake2b
from typing import Any

from django.http import HttpResponse
from rest_framework.response import Response

from accounts.api.rendering import dumps
from accounts.refusals import Refused

TAG = r'(?:W/)?"[\x21\x23-\x7e]*"'
TAGS = re.compile(rf"{TAG}(?:[ \t]*,[ \t]*{TAG})*")
LONGEST = 1000
ANYTHING = "*"


class Match(Enum):
    """What a write does with If-Match: `HEEDED` where it comes, `NEEDED` where it replaces what others may change."""

    HEEDED = auto()
    NEEDED = auto()


class PreconditionFailed(Refused):
    """The row has changed since the program read it, so If-Match names an old ETag. Nothing was changed. Read the row
    again, decide anew, and send the new ETag."""

    code = "precondition_failed"
    status = 412
    sentence = "The row has changed since you read it. Read it again and decide anew."


class PreconditionRequired(Refused):
    """The write replaces what somebody else may have changed meanwhile. Send the ETag of the row you read as
    If-Match, or `If-Match: *` to write whatever it is now."""

    code = "precondition_required"
    status = 428
    sentence = "Send the ETag of the row you read in the header If-Match, or * to write whatever it is now."


class PreconditionUnusable(Refused):
    """If-Match or If-None-Match is neither * nor a list of entity tags in quotation marks."""

    code = "precondition_unusable"
    status = 400
    sentence = 'Write {header} as "…", with the quotation marks, exactly as the header ETag had it, or as *.'


def tags_in(header: str, given: str) -> list[str]:
    """The entity tags of a header; `["*"]` for any. Raises PreconditionUnusable."""
    given = given.strip()
    if given == ANYTHING:
        return [ANYTHING]
    if len(given) > LONGEST or not TAGS.fullmatch(given):
        raise PreconditionUnusable(header=header)
    return re.findall(TAG, given)


def check(given: str | None, how: Match, state: Callable[[], str]) -> None:
    """Let a write go on only if it is about the row as it is now.

    Raises PreconditionRequired, PreconditionFailed or PreconditionUnusable.
    """
    if given is None:
        if how is Match.NEEDED:
            raise PreconditionRequired
        return
    wanted = tags_in("If-Match", given)
    now = state()
    # A weak tag is never the same for this purpose: it says that something like it was read.
    if wanted != [ANYTHING] and now not in {tag.strip('"').partition("-")[0] for tag in wanted if tag[0] == '"'}:
        raise PreconditionFailed


def state_of(row: Mapping[str, Any]) -> str:
    """What tells this state of a row from every other one."""
    return f"v{row['version']}" if "version" in row else _digest(dumps(row))


def tagged(response: Response, *, state: str | None, whole: bool, unless: str | None) -> Response:
    """The answer with its tag, once it is written; 304 without a body if the program has it already.

    `state` is None for a list. `whole` says that what is sent is the row as the state was taken of it.
    Raises PreconditionUnusable.
    """
    known = tags_in("If-None-Match", unless) if unless is not None else []

    def mark(written: Response) -> HttpResponse | None:
        if state is None:
            tag = f'W/"{_digest(written.content)}"'
        else:
            tag = f'"{state}"' if whole else f'"{state}-{_digest(written.content)}"'
        written["ETag"] = tag
        if known != [ANYTHING] and tag.removeprefix("W/") not in {one.removeprefix("W/") for one in known}:
            return None
        kept = {name: written[name] for name in ("ETag", "Cache-Control", "Link", "Vary") if name in written}
        return HttpResponse(status=304, headers=kept)

    response.add_post_render_callback(mark)
    return response


def _digest(body: bytes) -> str:
    return blake2b(body, digest_size=12).hexdigest()
