"""What is counted, and how it is told.

Labels are names out of the code (routes, tasks, parts), so that there are few of them and none says whom it was for.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from config import readiness
from config.metrics.folder import VARIABLE

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
REGISTRY = CollectorRegistry()
SHORT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
LONG = (0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 120, 300, 900)

REQUESTS = Counter(
    "throughline_requests", "Requests answered.", ["route", "method", "status"], registry=REGISTRY
)  # fmt: skip
REQUEST_SECONDS = Histogram(
    "throughline_request_seconds", "Until the answer was ready.", ["route", "method"], buckets=SHORT, registry=REGISTRY
)
QUERIES = Counter("throughline_database_queries", "Statements sent to the database.", ["door"], registry=REGISTRY)
QUERY_SECONDS = Counter("throughline_database_seconds", "Waited for the database.", ["door"], registry=REGISTRY)
QUERY_ERRORS = Counter(
    "throughline_database_errors", "Statements that failed.", ["door", "kind"], registry=REGISTRY
)  # fmt: skip
TASK_SECONDS = Histogram(
    "throughline_task_seconds", "From the start of a task to its end.", ["task"], buckets=LONG, registry=REGISTRY
)
TASKS = Counter("throughline_tasks", "Tasks ended.", ["task", "state"], registry=REGISTRY)
TASKS_FAILED = Counter("throughline_task_failures", "Tasks failed or lost.", ["task"], registry=REGISTRY)
IMPORT_ROWS = Counter("throughline_import_rows", "Rows of imports by how they ended.", ["outcome"], registry=REGISTRY)


class Moment:
    """What is looked up when somebody asks: parts that are well, queues, and what waits for the workers."""

    def collect(self) -> Iterator[Metric]:
        well = GaugeMetricFamily("throughline_part_up", "Whether the part is well, as /readyz says.", labels=["part"])
        for part, answer in readiness.ask().items():
            well.add_metric([part], float(answer == readiness.OK))
        yield well
        late = GaugeMetricFamily("throughline_lag_seconds", "Age of the oldest that waits.", labels=["part"])
        for part, seconds in readiness.lags().items():
            late.add_metric([part], seconds)
        yield late
        queued = GaugeMetricFamily("throughline_queue_length", "Tasks that nobody has taken.", labels=["queue"])
        for queue, length in readiness.queues().items():
            queued.add_metric([queue], length)
        yield queued


def told(*, of_moment: bool) -> bytes:
    """Everything that was counted by this server's processes, in Prometheus' text form."""
    registry = CollectorRegistry()
    if os.environ.get(VARIABLE):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REGISTRY)
    if of_moment:
        registry.register(Moment())
    return generate_latest(registry)


def may_know(authorization: str) -> bool:
    """Whether the header `Authorization` holds the installation's METRICS_TOKEN."""
    scheme, _, given = authorization.partition(" ")
    wanted: str = settings.METRICS_TOKEN
    same = hmac.compare_digest(given.strip().encode(errors="replace"), wanted.encode())
    return scheme.lower() == "bearer" and bool(wanted) and same
