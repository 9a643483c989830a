"""What a person may choose for the stack in the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass

from config import env

POSTGRESQL = ("postgresql", "postgres")
BROKERS = ("redis", "rediss", "valkey", "amqp", "amqps")
DEFAULT_WEB_PORT = 8000


@dataclass(frozen=True)
class Overrides:
    """Servers that are used instead of embedded ones, and where the pages are to be served."""

    database_url: str = ""
    database_migrate_url: str = ""
    broker_url: str = ""
    web_host: str = "127.0.0.1"
    web_port: int | None = None


def read_overrides() -> Overrides:
    """The choices of this environment. Raises Misconfigured for one that cannot be understood."""
    database_url = _given("DATABASE_URL", POSTGRESQL)
    migrate_url = _given("DATABASE_MIGRATE_URL", POSTGRESQL)
    if bool(database_url) != bool(migrate_url):
        missing = "DATABASE_MIGRATE_URL" if database_url else "DATABASE_URL"
        raise env.Misconfigured(
            f"{missing} is not set: a database of your own needs both logins, DATABASE_URL for serving and "
            "DATABASE_MIGRATE_URL for migrations. `manage.py bootstrap_database` makes and prints them."
        )
    port = env.number("PORT", default=0, minimum=0, maximum=65535, help="Port of the pages, if WEB_PORT is not set.")
    port = env.number("WEB_PORT", default=port, minimum=0, maximum=65535, help="Port of the pages in development.")
    return Overrides(
        database_url=database_url,
        database_migrate_url=migrate_url,
        broker_url=_given("CELERY_BROKER_URL", BROKERS),
        web_host=env.text(
            "WEB_HOST", default="127.0.0.1", help="Address on which the pages are served in development."
        ),
        web_port=port or None,
    )


def _given(name: str, schemes: tuple[str, ...]) -> str:
    # Not from the stack's own file: what it wrote there last time is no choice of anybody.
    return env.url(name, schemes=schemes) if os.environ.get(name) else ""
