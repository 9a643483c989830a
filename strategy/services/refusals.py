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


class NameTaken(Refused):
    """Another row of the same list has a name that reads the same."""

    code = "name_taken"
    sentence = _("{name} is in the list already.")


class TooManyWords(Refused):
    """The list has as many entries as it may."""

    code = "too_many_words"
    sentence = _("There may be at most {most}. Rename one of those that are no longer used.")


class LastPipeline(Refused):
    """An organisation has a pipeline at all times. Add another one first."""

    code = "last_pipeline"
    sentence = _("{pipeline} is the last pipeline. Add another one first.")


class LastOpenStage(Refused):
    """A pipeline has an open stage at all times: deals begin in one."""

    code = "last_open_stage"
    sentence = _("{stage} is the last open stage of its pipeline. Add another one first.")


class StageInUse(Refused):
    """Open deals stand in the stage. Move them first."""

    code = "stage_in_use"
    sentence = _("{deals} open deals stand in {stage}. Move them first.")


class StageKindFixed(Refused):
    """Deals have been in the stage, and how they went hangs on its kind. Add a stage of the other kind instead."""

    code = "stage_kind_fixed"
    sentence = _("Deals have been in {stage}, so its kind stays. Add another stage instead.")


class RateTaken(Refused):
    """There is a rate of this currency and day. Remove it first."""

    code = "rate_taken"
    sentence = _("There is a rate of {currency} from {day} on. Remove it first.")
