"""What programs send to change who may what."""

from __future__ import annotations

from accounts.api import fields
from accounts.integrations.tokens import SCOPES


class MakeToken(fields.Input):
    """A key for another program, or for a part of this one. It can do no more than the token that asks."""

    name = fields.Text(longest=80, help_text="Which program uses it")
    scopes = fields.Several(SCOPES, help_text="Some of those that the token that asks has")
    expires_at = fields.Moment(
        required=False, allow_null=True, help_text="Not after the end of the token that asks; without one: in 90 days"
    )
