"""How often a program may ask, as it is told: 429 with Retry-After, and what is left with every answer.

The headers RateLimit and RateLimit-Policy are those of draft-ietf-httpapi-ratelimit-headers-10, which is no RFC yet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.api import problems
from accounts.integrations.limits import Bucket, Limit, Standing, take
from accounts.queries import TokenPlace

log = structlog.get_logger(__name__)


def of_token(place: TokenPlace) -> list[Standing]:
    """Count a request of a token: for the token, and for all tokens of its organisation together."""
    return take(
        [
            Bucket(Limit("token", settings.API_LIMIT_TOKEN), f"{place.tenant_id}:{place.token_id}"),
            Bucket(Limit("organisation", settings.API_LIMIT_ORGANISATION), f"{place.tenant_id}:all"),
        ]
    )


def of_stranger(request: HttpRequest) -> list[Standing]:
    """Count a request that opened nothing, for the address it came from. Good tokens from there are not held up."""
    return take([Bucket(Limit("strangers", settings.API_LIMIT_STRANGERS), f"from:{visitor(request)}")])


def refusal(request: HttpRequest, standings: Sequence[Standing]) -> HttpResponse | None:
    """429 if one has to wait; None otherwise."""
    empty = max(standings, key=lambda standing: standing.wait, default=None)
    if empty is None or not empty.wait:
        return None
    wait = math.ceil(empty.wait)
    log.info("too_many_requests", limit=empty.limit.name, wait=wait)
    return tell(problems.answer(request, problems.TooManyRequests(limit=empty.limit.name, wait=wait)), standings)


def tell(response: HttpResponse, standings: Sequence[Standing]) -> HttpResponse:
    """The answer with what is left."""
    if standings:
        response["RateLimit-Policy"] = ", ".join(f'"{one.name}";q={one.most};w={one.window}' for one, *_ in standings)
        response["RateLimit"] = ", ".join(
            f'"{one.limit.name}";r={one.remaining};t={math.ceil(one.full_in)}' for one in standings
        )
    return response


def visitor(request: HttpRequest) -> str:
    """The address of who asks; of IPv6 the network, of which one household has billions of addresses."""
    given = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        # The last one is what our proxy has seen; those before it anybody can write.
        given = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() or given
    try:
        found = ip_address(given)
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
    return str(found)
