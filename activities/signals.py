"""What the apps above this one may want to do in the same breath."""

from __future__ import annotations

from django.dispatch import Signal

# Sent in the transaction in which activities were written down, whichever way, with `activities`, `actor` and `at`.
activities_logged = Signal()
