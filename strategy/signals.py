"""What apps above must hear of at once."""

from __future__ import annotations

from typing import Any

from django.dispatch import Signal

# Two deals turned out to be one: (kept, gone). Receivers point what belongs to `gone` at `kept` and answer the keys of
# what they moved, by the table's label.
deals_merged = Signal()
# They are two again: (kept, gone, moved), `moved` as it was answered.
deals_parted = Signal()

# Two contacts turned out to be one: (kept, gone). What refers to `gone` is pointed at `kept` right afterwards. Whoever
# hears it drops what would stand there twice, and answers what is needed to give it back, by a label.
contacts_merged = Signal()
# They are two again, and what was moved is back: (kept, gone, moved), `moved` as it was answered.
contacts_parted = Signal()


def heard(answers: list[tuple[Any, Any]]) -> dict[str, Any]:
    """What the receivers of a signal answered, together."""
    return {label: keys for _receiver, told in answers for label, keys in told.items()}
