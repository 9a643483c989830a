"""What the apps above this one may want to do in the same breath."""

from django.dispatch import Signal

# Sent inside the new organisation's scope with `tenant` and `owner`, so that each app sets up what is its own.
organisation_opened = Signal()
