"""One line a happening, with request and tenant, never with a secret."""

from __future__ import annotations

import logging
import logging.config
import re
from typing import Any

import structlog

from accounts.tenancy.scope import active

# Whatever is logged under such a name is not for a log.
SECRET_WORDS = ("password", "secret", "token", "authorization", "cookie", "csrf", "digest")
# Addresses out of letters: whoever has one is taken for the person the letter went to. Django logs refused ones.
FROM_LETTERS = re.compile(r"(/invitations/|/confirm-email/|/password/reset/key/|/c/)[^/\s?\"']+")


def configure(wanted: dict[str, Any]) -> None:
    """Route both structlog's and the standard library's records through one formatter."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(allow=["request_id", "task_id"]),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_tenant,
        hide_secrets,
    ]
    last = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if wanted["format"] == "json"
        # Its own way to write a traceback shows every local variable, and with them passwords and keys.
        else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": formatter},
            "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["out"], "level": wanted["level"]},
        }
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def add_tenant(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Name the tenant the code works for, by its key."""
    tenant_id = active.get()
    return event if tenant_id is None else {**event, "tenant": tenant_id}


def hide_secrets(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Blank every value whose name says that it is secret, and the secrets in addresses out of letters."""
    return {
        name: "[hidden]" if any(word in name.lower() for word in SECRET_WORDS) else _without_secrets(value)
        for name, value in event.items()
    }


def _without_secrets(value: Any) -> Any:
    return FROM_LETTERS.sub(r"\1[hidden]", value) if isinstance(value, str) else value
