"""What can stand against an entry of the ledger."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refused


class MilestoneNotReached(Refused):
    """The milestone does not hold now, so that it can be neither checked nor ended. Record it first."""

    code = "milestone_not_reached"
    sentence = _("“{milestone}” does not hold on {deal} now. Record it first.")


class OwnMilestone(Refused):
    """A check is a second member's: whoever recorded the milestone, added its evidence or copied the link by which it
    was confirmed, cannot check it."""

    code = "own_milestone"
    sentence = _("“{milestone}” rests on your own word. Ask somebody else to check it.")


class TooManyMilestoneTypes(Refused):
    """The organisation watches for as many milestones as people keep in mind. Archive one first."""

    code = "too_many_milestone_types"
    sentence = _(
        "{most} milestones are watched for already, and more than that nobody keeps in mind."
        " Archive one that tells you least, and there is room."
    )


class MilestoneTypeRequired(Refused):
    """Stages ask for the milestone. Take it out there first."""

    code = "milestone_type_required"
    sentence = _("{stages} asks for “{milestone}”. Take it out there first.")
