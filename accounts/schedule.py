"""What the clock starts."""

# Imports ring for their workers themselves; this finds those whose bell nobody heard.
SCHEDULE = {"wake_imports": {"task": "accounts.tasks.wake_imports", "schedule": 15, "options": {"expires": 15}}}
