"""How often programs may ask: buckets that refill steadily, shared by all processes of an installation.

A bucket of `most` requests in `window` seconds is kept as one moment: when it will be full again (the generic cell
rate algorithm). A request that finds every bucket with something in it takes one from each; a refused one takes
nothing, so that one key that asks too often does not use up what its organisation has.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple, Protocol

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

log = structlog.get_logger(__name__)

# A shared store that does not answer in time is left alone for a while: limits are not worth waiting for.
PATIENCE, LEFT_ALONE = 0.25, 5.0
MOST_KEPT = 50_000

# The store's own clock, so that all processes go by one. All times are in microseconds.
TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local full, wait, refused = {}, {}, false
for i, key in ipairs(KEYS) do
  local most, window = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  full[i] = math.max(tonumber(redis.call('GET', key) or now), now)
  wait[i] = math.max(0, full[i] + window / most - now - window)
  refused = refused or wait[i] > 0
end
local answer = {}
for i, key in ipairs(KEYS) do
  local most, window = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  if not refused then
    full[i] = full[i] + window / most
    redis.call('SET', key, string.format('%.0f', full[i]), 'PX', math.ceil((full[i] - now) / 1000))
  end
  answer[2 * i - 1] = string.format('%.0f', full[i] - now)
  answer[2 * i] = string.format('%.0f', wait[i])
end
return answer
"""


class Limit(NamedTuple):
    """At most so many requests in a window of seconds, under a name that programs are told."""

    name: str
    most: int
    window: int = 60


class Bucket(NamedTuple):
    """One caller's share of a limit."""

    limit: Limit
    key: str


class Standing(NamedTuple):
    """What is left of a bucket: `wait` seconds until one may ask again (0: now), `full_in` until all of it is back."""

    limit: Limit
    wait: float
    full_in: float

    @property
    def remaining(self) -> int:
        """How many requests could follow at once."""
        return max(0, math.floor((self.limit.window - self.full_in) * self.limit.most / self.limit.window + 1e-6))


class Store(Protocol):
    """Where buckets are kept."""

    def take(self, buckets: Sequence[Bucket]) -> list[Standing]:
        """One from each, or nothing from any where one is empty."""
        ...


class OwnStore:
    """In this process alone: for development, and while the shared store is down."""

    def __init__(self) -> None:
        self._full: dict[str, float] = {}
        self._lock = threading.Lock()

    def take(self, buckets: Sequence[Bucket]) -> list[Standing]:
        with self._lock:
            now = time.monotonic()
            full = [max(self._full.get(key, now), now) for _, key in buckets]
            each = [limit.window / limit.most for limit, _ in buckets]
            waits = [
                max(0.0, at + one - now - limit.window) for (limit, _), at, one in zip(buckets, full, each, strict=True)
            ]
            if not any(waits):
                full = [at + one for at, one in zip(full, each, strict=True)]
                self._full.update(zip((key for _, key in buckets), full, strict=True))
                self._forget(now)
        return [Standing(limit, wait, at - now) for (limit, _), wait, at in zip(buckets, waits, full, strict=True)]

    def _forget(self, now: float) -> None:
        if len(self._full) > MOST_KEPT:
            self._full = {key: at for key, at in self._full.items() if at > now}


class SharedStore:
    """In the cache that all processes share: one round trip for all buckets of a request.

    While it cannot be reached, each process goes by its own count: requests pass, and the log says so.
    """

    def __init__(self, url: str) -> None:
        client = redis.Redis.from_url(
            url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), 1)
        )
        self._take = client.register_script(TAKE)
        self._meanwhile = OwnStore()
        self._again_at = 0.0

    def take(self, buckets: Sequence[Bucket]) -> list[Standing]:
        if time.monotonic() < self._again_at:
            return self._meanwhile.take(buckets)
        asked = [number for limit, _ in buckets for number in (limit.most, limit.window * 1_000_000)]
        try:
            told = [int(one) / 1e6 for one in self._take(keys=[key for _, key in buckets], args=asked)]
        except redis.RedisError as error:
            self._again_at = time.monotonic() + LEFT_ALONE
            log.warning("limits_not_shared", reason=type(error).__name__)
            return self._meanwhile.take(buckets)
        return [
            Standing(limit, wait, full_in)
            for (limit, _), full_in, wait in zip(buckets, told[::2], told[1::2], strict=True)
        ]


@cache
def store(url: str) -> Store:
    """The store of an address; without one this process's own."""
    return SharedStore(url) if url else OwnStore()


def take(buckets: Sequence[Bucket]) -> list[Standing]:
    """Ask for one from each bucket; a limit of 0 does not limit. Refused if any standing has to wait."""
    limited = [Bucket(limit, f"tl:limit:{key}") for limit, key in buckets if limit.most]
    return store(settings.CACHE_URL).take(limited) if limited else []
