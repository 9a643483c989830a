"""What programs may send: each field takes one form and guesses nothing. A text of digits is no number."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.fields import empty

from accounts.api import ids
from accounts.api.days import read_day, read_moment
from accounts.api.strict import NotUsable as NotUsable
from accounts.api.strict import StrictField as StrictField
from accounts.api.strict import named
from accounts.reading import Columns, by_key, rows_of

if TYPE_CHECKING:
    from accounts.api.nouns import Noun

# So many faults of one input are told; nobody reads more.
MOST_TOLD = 50
LARGEST = 2**53 - 1  # what JavaScript, too, reads exactly


class Text(StrictField):
    """A line or lines of text, without space around. Empty only where `empty=True`."""

    is_stored_freely = True

    def __init__(self, *, longest: int, empty: bool = False, **options: Any) -> None:
        self.longest, self.empty = longest, empty
        super().__init__(**options)

    def schema(self) -> dict[str, Any]:
        # A text of spaces is empty: \S says so to whoever generates requests from the document.
        return {"type": "string", "maxLength": self.longest} | ({} if self.empty else {"pattern": r"\S"})

    def read(self, given: Any) -> str:
        if not isinstance(given, str):
            raise NotUsable(_("Give a text."))
        if "\0" in given:
            raise NotUsable(_("This may not contain a NUL character."))
        text = given.strip()
        if not text and not self.empty:
            raise NotUsable(_("This may not be empty."))
        if len(given) > self.longest:
            raise NotUsable(_("At most {longest} characters.").format(longest=self.longest))
        return text


class Whole(StrictField):
    """A whole number. Money is one, in minor units of its currency."""

    def __init__(self, *, least: int = 0, most: int = LARGEST, **options: Any) -> None:
        self.least, self.most = least, most
        super().__init__(**options)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}

    def read(self, given: Any) -> int:
        if isinstance(given, float) and given.is_integer():
            given = int(given)  # JSON knows one kind of number: 1.0 is 1
        if isinstance(given, bool) or not isinstance(given, int):
            raise NotUsable(_("Give a whole number."))
        if not self.least <= given <= self.most:
            raise NotUsable(_("Give a number from {least} to {most}.").format(least=self.least, most=self.most))
        return given


class Number(StrictField):
    """A number with a fraction. Only answers have them."""

    def schema(self) -> dict[str, Any]:
        return {"type": "number"}


class Switch(StrictField):
    """true or false."""

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def read(self, given: Any) -> bool:
        if not isinstance(given, bool):
            raise NotUsable(_("Give true or false."))
        return given


class Day(StrictField):
    """A calendar day of the organisation."""

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}

    def read(self, given: Any) -> date:
        return read_day(given if isinstance(given, str) else "")


class Moment(StrictField):
    """A moment in RFC 3339. Answers are in UTC."""

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}

    def read(self, given: Any) -> datetime:
        return read_moment(given if isinstance(given, str) else "")


class OneOf(StrictField):
    """One of a few words."""

    def __init__(self, words: Iterable[str], **options: Any) -> None:
        self.words = [str(word) for word in words]
        super().__init__(**options)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": [*self.words, None] if self.allow_null else self.words}

    def read(self, given: Any) -> Any:
        if not isinstance(given, str) or given not in self.words:
            raise NotUsable(_("Give one of: {words}.").format(words=", ".join(self.words)))
        return given


class Several(OneOf):
    """Some of a few words, each once."""

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "enum": self.words}, "minItems": 1, "uniqueItems": True}

    def read(self, given: Any) -> list[str]:
        if not isinstance(given, list) or not given:
            raise NotUsable(_("Give a list of: {words}.").format(words=", ".join(self.words)))
        words = [super(Several, self).read(word) for word in given]
        if len(set(words)) < len(words):
            raise NotUsable(_("Give each once."))
        return words


class Currency(StrictField):
    """Three capital letters of ISO 4217."""

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[A-Z]{3}$"}

    def read(self, given: Any) -> str:
        if not isinstance(given, str) or not re.fullmatch(r"[A-Z]{3}", given):
            raise NotUsable(_("Write the three letters of ISO 4217, like EUR."))
        return given


class Id(StrictField):
    """The id of a row."""

    def __init__(self, kind: str, **options: Any) -> None:
        self.kind = kind
        super().__init__(**options)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": ids.pattern(self.kind)}

    def read(self, given: Any) -> Any:
        try:
            return ids.decode(self.kind, given if isinstance(given, str) else "")
        except ids.NotAnId as error:
            raise NotUsable(_("Give an id like {kind}_….").format(kind=self.kind)) from error


class Reference(Id):
    """The id of a row that must be there, as that row. Another tenant's row is not there.

    `alone` is the table where `rows` are all of it: they are read without the ORM, and `only` these columns of them.
    """

    def __init__(
        self,
        kind: str,
        rows: Callable[[], QuerySet[Any]],
        *,
        alone: type[Model] | None = None,
        only: Columns = (),
        **options: Any,
    ) -> None:
        self.rows, self.alone, self.only = rows, alone, only
        self.found: dict[UUID, Any] | None = None
        super().__init__(kind, **options)

    def look_up(self, texts: Iterable[str]) -> None:
        """Read the rows of many ids at once; from now on the field knows no others."""
        keys = []
        for text in texts:
            with suppress(ids.NotAnId):
                keys.append(ids.decode(self.kind, text))
        if self.alone is not None:
            self.found = {row.pk: row for row in rows_of(self.alone, "id", keys, only=self.only)}
        else:
            self.found = {row.pk: row for row in self.rows().filter(pk__in=keys)} if keys else {}

    def read(self, given: Any) -> Any:
        key: UUID = super().read(given)
        if self.found is not None:
            row = self.found.get(key)
        else:
            row = by_key(self.alone, key, only=self.only) if self.alone else self.rows().filter(pk=key).first()
        if row is None:
            raise NotUsable(_("Nothing here has this id."))
        return row


class References(Reference):
    """Ids of rows that must be there, each once, as those rows."""

    def __init__(self, kind: str, rows: Callable[[], QuerySet[Any]], *, most: int, **options: Any) -> None:
        self.most = most
        super().__init__(kind, rows, **options)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": super().schema(), "maxItems": self.most, "uniqueItems": True}

    def read(self, given: Any) -> list[Model]:
        if not isinstance(given, list) or len(given) > self.most:
            raise NotUsable(_("Give a list of at most {most} ids.").format(most=self.most))
        keys = [Id.read(self, text) for text in given]
        if len(set(keys)) < len(keys):
            raise NotUsable(_("Give each once."))
        found = self.found
        if found is None:
            found = {row.pk: row for row in self.rows().filter(pk__in=keys)} if keys else {}
        if not found.keys() >= set(keys):
            raise NotUsable(_("Nothing here has this id."))
        return [found[key] for key in keys]


class Uuid(StrictField):
    """A UUID as it stands in a text. Only answers have them."""

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "uuid"}


class Link(StrictField):
    """An address on the web that people may open: http or https."""

    def __init__(self, *, longest: int, **options: Any) -> None:
        self.longest = longest
        super().__init__(**options)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.longest, "pattern": r"^(https?://[^\s/?#]+\S*)?$"}

    def read(self, given: Any) -> str:
        if not isinstance(given, str) or len(given) > self.longest:
            raise NotUsable(_("Give a text of at most {longest} characters.").format(longest=self.longest))
        if not re.fullmatch(r"(https?://[^\s/?#]+\S*)?", given):
            raise NotUsable(_("Write an address that begins with https:// or http://."))
        return given


class Ref(StrictField):
    """A row that is named beside its id, so that a reader need not ask again."""

    def __init__(self, kind: str, **options: Any) -> None:
        self.kind = kind
        super().__init__(**options)

    @property
    def component(self) -> str:
        return f"{ids.WORDS.get(self.kind, self.kind.capitalize())}Ref"

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {"id": {"type": "string", "pattern": ids.pattern(self.kind)}, "name": {"type": "string"}},
            "required": ["id", "name"],
        }


class Refs(StrictField):
    """Some rows, each named beside its id."""

    def __init__(self, kind: str, **options: Any) -> None:
        self.one = Ref(kind)
        super().__init__(**options)

    def schema(self) -> dict[str, Any]:
        return {"type": "array"}

    def items(self, auto_schema: Any) -> Any:
        """The schema of one of them."""
        return named(self.one, auto_schema)


class Name(StrictField):
    """A word that names something fixed, such as a statistic."""

    def __init__(self, pattern: str, **options: Any) -> None:
        self.pattern = pattern
        super().__init__(**options)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{self.pattern}$"}


class Texts(StrictField):
    """A list of words."""

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string"}}


class Anything(StrictField):
    """An object whose keys are said in the description."""

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": True}


class Input(serializers.Serializer):  # type: ignore[type-arg]
    """What a deed takes. A field that is not in the list is refused, not ignored; nothing is saved here."""

    default_error_messages = {"unknown": _("There is no such field."), "invalid": _("Give an object of fields.")}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            return dict(super().to_internal_value(data))  # which refuses it
        known = self._fields_by_name
        wrong: dict[str, Any] = {}
        if not known.keys() >= data.keys():
            told = [serializers.ErrorDetail(str(self.error_messages["unknown"]), code="unknown_field")]
            wrong = {name: told for name in data if name not in known}
        values = {}
        for name, field in known.items():
            if name not in data and not field.required:
                continue  # what is left out stays: no input here has a default
            try:
                values[name] = field.run_validation(data.get(name, empty))
            except serializers.ValidationError as error:
                wrong[name] = error.detail
        if wrong:
            raise serializers.ValidationError(dict(list(wrong.items())[:MOST_TOLD]))
        return values

    def run_validation(self, data: Any = empty) -> Any:
        """As of any serializer, without the validators that none of these has."""
        is_none, data = self.validate_empty_values(data)
        return data if is_none else self.to_internal_value(data)

    @cached_property
    def _fields_by_name(self) -> dict[str, Any]:
        return dict(self.fields.items())

    def given(self, data: Any) -> dict[str, Any]:
        """The plain values of a body. Raises ValidationError, which becomes 422 `invalid`."""
        return dict(self.run_validation(data))


class Output(serializers.Serializer):  # type: ignore[type-arg]
    """What an answer looks like, for the document. The bytes are written by a function beside it.

    `expands` says which fields name a row that can stand there whole.
    """

    expands: ClassVar[Mapping[str, Noun]] = {}
