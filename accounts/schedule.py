"""What the clock starts."""

from typing import Any

SCHEDULE: dict[str, dict[str, Any]] = {
    # Imports ring for their workers themselves; this finds those whose bell nobody heard.
    "wake_imports": {"task": "accounts.tasks.wake_imports", "schedule": 15, "options": {"expires": 15}},
    # So do letters; this finds those that are to be tried again, too.
    "deliver_letters": {"task": "accounts.tasks.deliver_letters", "schedule": 15, "options": {"expires": 15}},
    # Twice a second: who follows the events knows of a deed within one.
    "sweep_events": {"task": "accounts.tasks.sweep_events", "schedule": 0.5, "options": {"expires": 2}},
    # A domain that went to somebody else must not let their people in for long.
    "check_domains": {"task": "accounts.tasks.check_domains", "schedule": 24 * 3600},
    "deliver_webhooks": {"task": "accounts.tasks.deliver_webhooks", "schedule": 0.5, "options": {"expires": 1}},
    "clear_events": {"task": "accounts.tasks.clear_events", "schedule": 6 * 3600},
    "sweep_doors": {"task": "accounts.tasks.sweep_doors", "schedule": 6 * 3600},
}
