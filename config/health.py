"""Whether this process lives, and whether it can serve: for supervisors and load balancers."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

from config.celery import app


def alive(request: HttpRequest) -> JsonResponse:
    """The process answers. Touches nothing else."""
    return JsonResponse({"status": "alive"})


alive.access = "public"  # type: ignore[attr-defined]


def ready(request: HttpRequest) -> JsonResponse:
    """The database is reachable behind its wall, at the newest migration, and the broker answers."""
    found: dict[str, Any] = {"database": _database(), "broker": _broker()}
    well = all(answer == "ok" for answer in found.values())
    return JsonResponse({"status": "ready" if well else "not ready", **found}, status=200 if well else 503)


ready.access = "public"  # type: ignore[attr-defined]


def _database() -> str:
    try:
        with connection.cursor() as cursor:  # connecting asserts the wall
            cursor.execute("SELECT 1")
        # Reading the migration files takes a second; a process that was ready once has them all.
        if not cache.get("migrated"):
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                return "migrations are missing: run manage.py migrate"
            cache.set("migrated", True, 60)
    except DatabaseError:
        return "does not answer"
    return "ok"


def _broker() -> str:
    try:
        with app.connection_for_write(connect_timeout=1) as broker:
            broker.ensure_connection(max_retries=1, timeout=2)
    except Exception:  # each transport has its own errors; all of them mean the same here
        return "does not answer"
    return "ok"
