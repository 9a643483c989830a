"""What the apps above this one may want to do in the same breath."""

from django.dispatch import Signal

# Sent inside the new organisation's scope with `tenant` and `owner`, so that each app sets up what is its own.
organisation_opened = Signal()

# Sent inside the organisation's scope, in the transaction of the change, with `tenant` as it is now and `changed`
# {field: (before, after)}. Who hears it may refuse by raising a `Refused`: then nothing is changed.
organisation_changed = Signal()

# Sent when a `placeholder` turned out to be a `member`: each app gives the member what is the placeholder's, and
# answers how many rows of what that were: {"deals": 12}.
placeholder_linked = Signal()

# Sent after the commit of an import's chunk with `counts`: how many of its rows ended how.
rows_settled = Signal()
