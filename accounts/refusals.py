"""“No” as a type: a code for programs, a sentence for people, one handler at each door."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.days import long_day


class Refused(Exception):
    """A deed that was asked for and is not done; nothing is stored.

    `code` is stable and documented, `sentence` says what to do and is filled from `data`. `status` is 409 when the
    state of the row stands against it, 422 when what was given cannot be used, 403 and 404 as usual.
    `fields` names what is wrong in the input: {field: sentence}.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    sentence: ClassVar[str | Promise] = "This cannot be done."

    def __init__(self, *, fields: dict[str, str] | None = None, **data: Any) -> None:
        self.data, self.fields = data, fields or {}
        super().__init__(self.code)

    def __str__(self) -> str:
        said = {name: long_day(one) if isinstance(one, date) else one for name, one in self.data.items()}
        return str(self.sentence).format(**said)


class ExternalIdTaken(Refused):
    """Another row carries the same id of the same source. `data` names both; find it by these two parameters."""

    code = "external_id_taken"
    sentence = _("{source} {external_id} is here already.")


class Invalid(Refused):
    """Input that cannot be used, told at each field."""

    code = "invalid"
    status = 422
    sentence = "Some of what was given cannot be used."
