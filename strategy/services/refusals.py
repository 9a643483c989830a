"""What can stand against a change of a deal."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refused


class DealMovedMeanwhile(Refused):
    """Somebody else changed the deal after the caller last saw it."""

    code = "deal_moved_meanwhile"
    sentence = _("{deal} was changed by somebody else. Look again and repeat what you meant.")


class DealIsOver(Refused):
    """The deal has ended, and what was asked needs an open one."""

    code = "deal_is_over"
    sentence = _("{deal} is over. Open it again first.")


class DealIsOpen(Refused):
    """The deal is open, and what was asked needs one that has ended."""

    code = "deal_is_open"
    sentence = _("{deal} is open already.")


class StageOfAnotherPipeline(Refused):
    """The stage belongs to another pipeline than the deal."""

    code = "stage_of_another_pipeline"
    status = 422
    sentence = _("{stage} is no stage of {pipeline}. Choose one of its own.")


class AlreadyQualified(Refused):
    """Time zero of a deal never moves."""

    code = "already_qualified"
    sentence = _("{deal} is qualified since {day}. That day never moves; a correction is an event of its own.")
