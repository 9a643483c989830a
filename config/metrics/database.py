"""Counting statements and the time they take."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from config.metrics import figures


class Meter:
    """A wrapper around the statements of one request or task; `tell` counts what it saw."""

    def __init__(self, door: str) -> None:
        self._door = door
        self._statements, self._seconds = 0, 0.0
        self._failed: Counter[str] = Counter()

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        except Exception as error:
            self._failed[type(error).__name__] += 1
            raise
        finally:
            self._statements += 1
            self._seconds += time.perf_counter() - began

    def tell(self) -> None:
        """Once for all statements: each counting costs a lock and a write."""
        figures.QUERIES.labels(self._door).inc(self._statements)
        figures.QUERY_SECONDS.labels(self._door).inc(self._seconds)
        for kind, times in self._failed.items():
            figures.QUERY_ERRORS.labels(self._door, kind).inc(times)
