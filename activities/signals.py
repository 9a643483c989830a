"""What the apps above this one may want to do in the same breath."""

from __future__ import annotations

from django.dispatch import Signal

# Sent in the transaction in which activities were written down, whichever way, with `activities`, `actor` and `at`.
activities_logged = Signal()
# The same for activities of which something else is said now: those whose type, person, deal, company or day changed.
activities_corrected = Signal()
# Sent before an activity that is taken back is removed, with `activity`, `actor` and `at`.
activity_taken_back = Signal()
