"""Files to keep: long ones that are sent while they are made, and those that somebody sent."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextvars import copy_context
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header

from accounts.tenancy.scope import active, current_tenant_id, tenant_scope


def kept_file(content: bytes, *, kind: str, name: str, **headers: str) -> HttpResponse:
    """A file that somebody sent, to keep: no browser shows it as a page of ours, and no cache has it."""
    response = HttpResponse(content, content_type=kind, headers=headers)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


class TenantStream(StreamingHttpResponse):
    """A body made part by part inside the tenant, for the member who asks: the one kind that middleware lets through.

    It has a transaction of its own, since the request's has ended by then: all parts show the rows of one moment, and
    nothing can be written. PostgreSQL ends it, and the file with it, when its reader takes nothing for a while.
    """

    def __init__(self, parts: Iterator[str], **options: Any) -> None:
        super().__init__(_Inside(parts, current_tenant_id()), **options)


class _Inside:
    """Parts that are made in the context of the request: its member's sight, its language, its id.

    The context is a copy, entered for each part and left again. So nothing of it is there when the thread does
    anything else, also where nobody reads to the end.
    """

    def __init__(self, parts: Iterator[str], tenant_id: int) -> None:
        self._context = copy_context()
        # The request's transaction ends before the first part, and its tenant with it.
        self._context.run(active.set, None)
        self._parts = _in_transaction(parts, tenant_id)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return self._context.run(next, self._parts)

    def close(self) -> None:
        """End the transaction; the server says so when the answer is sent, or when nobody reads it any more."""
        self._context.run(self._parts.close)


def _in_transaction(parts: Iterator[str], tenant_id: int) -> Generator[str, None, None]:
    with tenant_scope(tenant_id, read_only=True, repeatable=True):
        yield from parts
