"""What the stack says when it cannot start or go on."""

from __future__ import annotations


class Refused(Exception):
    """The stack does not start, or stops; the message tells a person why and what to do."""


class Interrupted(Exception):
    """Somebody asked the stack to stop while it was still starting."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by signal {signal_number}")
        self.signal_number = signal_number
