"""What apps above must hear of at once."""

from __future__ import annotations

from django.dispatch import Signal

# Two deals turned out to be one: (kept, gone). Receivers point what belongs to `gone` at `kept` and answer the keys of
# what they moved, by the table's label.
deals_merged = Signal()
# They are two again: (kept, gone, moved), `moved` as it was answered.
deals_parted = Signal()
