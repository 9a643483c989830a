"""The cache that all processes share, which nothing may depend on: while it is down each process goes by its own.

Limits on signing in are counted there. Without this, nobody could sign in while it is away.
"""

from __future__ import annotations

import time
from typing import Any

import structlog
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis import RedisError

log = structlog.get_logger(__name__)

# A cache that does not answer in time is left alone for a while: it is not worth waiting for.
PATIENCE, LEFT_ALONE = 0.25, 5.0


class SharedCache(RedisCache):
    """Valkey or Redis, or this process's own memory while that cannot be reached."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE, **params.get("OPTIONS", {})}
        super().__init__(server, {**params, "OPTIONS": options})
        self._meanwhile = LocMemCache("meanwhile", {})
        self._again_at = 0.0

    def _kept(self, deed: str, *given: Any, **chosen: Any) -> Any:
        if time.monotonic() >= self._again_at:
            try:
                return getattr(super(), deed)(*given, **chosen)
            except RedisError as error:
                self._again_at = time.monotonic() + LEFT_ALONE
                log.warning("cache_not_shared", reason=type(error).__name__)
        return getattr(self._meanwhile, deed)(*given, **chosen)

    def add(self, *given: Any, **chosen: Any) -> bool:
        return bool(self._kept("add", *given, **chosen))

    def get(self, *given: Any, **chosen: Any) -> Any:
        return self._kept("get", *given, **chosen)

    def set(self, *given: Any, **chosen: Any) -> None:
        self._kept("set", *given, **chosen)

    def touch(self, *given: Any, **chosen: Any) -> bool:
        return bool(self._kept("touch", *given, **chosen))

    def delete(self, *given: Any, **chosen: Any) -> bool:
        return bool(self._kept("delete", *given, **chosen))

    def incr(self, *given: Any, **chosen: Any) -> int:
        return int(self._kept("incr", *given, **chosen))

    def clear(self) -> None:
        self._meanwhile.clear()
        self._kept("clear")
