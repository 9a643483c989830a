"""What can stand against a change of what was done."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refused


class ActivityChangedMeanwhile(Refused):
    """Somebody else changed the activity, or took it back, after the caller last saw it."""

    code = "activity_changed_meanwhile"
    sentence = _("Somebody else changed this activity meanwhile. Look again and repeat what you meant.")


class NotYourActivity(Refused):
    """The activity is somebody else's, and the actor does not lead them. Who leads the organisation changes what
    everybody did, a manager what the teams did that they manage."""

    code = "not_your_activity"
    status = 403
    sentence = _("This is what somebody else did. They can change it, or whoever leads them.")
