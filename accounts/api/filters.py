"""What an address may ask for: each view declares its parameters, and any other is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.api import fields
from accounts.api.problems import InvalidParameter


@dataclass(frozen=True)
class Filter:
    """One parameter of an address, which mostly narrows a list: its name, the form of its value, what it means, and
    whether it is needed."""

    name: str
    form: fields.StrictField
    about: str
    is_needed: bool = False


class Flag(fields.StrictField):
    """true or false, as they are written in an address."""

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def read(self, given: str) -> bool:
        if given not in ("true", "false"):
            raise fields.NotUsable(_("Give true or false."))
        return given == "true"


class Digit(fields.StrictField):
    """A whole number of one figure, as it is written in an address."""

    def __init__(self, *, most: int, **options: Any) -> None:
        self.most = most
        super().__init__(**options)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": 0, "maximum": self.most}

    def read(self, given: str) -> int:
        if given not in {str(one) for one in range(self.most + 1)}:
            raise fields.NotUsable(_("Give a number from {least} to {most}.").format(least=0, most=self.most))
        return int(given)


def of(name: str, kind: str, rows: Callable[[], QuerySet[Any]], about: str) -> Filter:
    """A filter by a row that must be there; it narrows by the row's key."""
    return Filter(name, fields.Reference(kind, rows), about)


def read(given: QueryDict, known: Mapping[str, fields.StrictField]) -> dict[str, Any]:
    """The values of the parameters that came. Raises InvalidParameter naming each that cannot be used."""
    wanted, wrong = {}, {}
    for name, values in given.lists():
        if name not in known:
            wrong[name[:80]] = _unknown(known)
        elif len(values) > 1:
            wrong[name] = _("Give it once.")
        else:
            try:
                wanted[name] = known[name].read(values[0])
            except fields.NotUsable as error:
                wrong[name] = str(error.args[0])
    if wrong:
        raise InvalidParameter(fields=wrong)
    return wanted


def _unknown(known: Iterable[str]) -> str:
    names = ", ".join(sorted(known))
    if not names:
        return _("This address takes no parameters.")
    return _("There is no such parameter. Known are: {names}.").format(names=names)
