"""The door for rows that another system keeps: `PUT …/by-external-id/{source}/{external_id}` and `POST …:upsert`.

A resource gets both by two inputs and two actions; the router knows their addresses:

    class PutCompany(fields.Input): …            # the row's fields
    class UpsertCompany(PutCompany):             # and what names it
        source = upserts.source()
        external_id = upserts.external_id()
    class UpsertCompanies(fields.Input):
        items = upserts.Rows(UpsertCompany)

    takes = {"put_by_external_id": PutCompany, "upsert": UpsertCompanies}
    gives = {"put_by_external_id": shapes.Company, "upsert": upserts.Upserted}

    def put_by_external_id(self, request, source, external_id):
        line = upserts.line_of(self.read(request), source, external_id)
        services.upsert_companies(lines=[line], actor=request.user, at=timezone.now())
        return upserts.answer_one(line, lambda key: shapes.company(listings.COMPANIES.one(key)), "companies")

    @idempotent
    def upsert(self, request):
        lines = upserts.lines_of(self.read(request)["items"], UpsertCompany)
        services.upsert_companies(lines=lines, actor=request.user, at=timezone.now())
        return upserts.answer(lines, ids.COMPANY)

The deed settles or refuses each `accounts.upserts.Line` that is `waiting(lines)`: with few statements for all, or with
`one_by_one(lines, deed)`. Rows that the lines refer to are read with one statement for each field, not for each line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.serializers import ListSerializer

from accounts.api import fields, ids
from accounts.api.problems import InvalidParameter, items_of, items_of_refusal
from accounts.refusals import Invalid
from accounts.upserts import MOST, Line, Outcome, refuse_doubles

LONGEST_SOURCE, LONGEST_ID = 40, 200


def source() -> fields.Text:
    """The field that names the system."""
    return fields.Text(longest=LONGEST_SOURCE, help_text="The system that external_id belongs to")


def external_id() -> fields.Text:
    """The field that names the row there."""
    return fields.Text(longest=LONGEST_ID)


class Rows(fields.StrictField):
    """A list of rows, of which each is judged by itself: one that cannot be used does not stop the others."""

    def __init__(self, row: type[fields.Input], **options: Any) -> None:
        self.row = row
        super().__init__(**options)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "minItems": 1, "maxItems": MOST}

    def items(self, auto_schema: Any) -> Any:
        """The schema of a row, under its own name."""
        return auto_schema.resolve_serializer(self.row(), "request").ref

    def read(self, given: Any) -> list[Any]:
        if not isinstance(given, list) or not 1 <= len(given) <= MOST:
            raise fields.NotUsable(_("Give a list of 1 to {most} rows.").format(most=MOST))
        return given


class UpsertedItem(fields.Output):
    """What is wrong with a row, and where in the request it stands."""

    pointer = fields.Text(longest=400)
    code = fields.Text(longest=100)
    detail = fields.Text(longest=2000)


class UpsertedRow(fields.Output):
    """What became of one row. `code` and `detail` say why it was not taken; `id` is null then."""

    index = fields.Whole(help_text="Its place in `items`, from 0")
    outcome = fields.OneOf([str(outcome) for outcome in Outcome])
    id = fields.Text(longest=40, allow_null=True)
    source = fields.Text(longest=40, allow_null=True)  # type: ignore[assignment]
    external_id = fields.Text(longest=200, allow_null=True)
    code = fields.Text(longest=100, allow_null=True)
    detail = fields.Text(longest=2000, allow_null=True)
    errors = UpsertedItem(many=True)  # type: ignore[assignment]


class Upserted(fields.Output):
    """What became of each row, in the order in which they were sent, and how many ended how."""

    created = fields.Whole()
    updated = fields.Whole()
    unchanged = fields.Whole()
    error = fields.Whole()
    results = UpsertedRow(many=True)


def line_of(given: dict[str, Any], source: str, external_id: str) -> Line:
    """The one line of an address. Raises InvalidParameter for a source or an id that no row can have."""
    wrong = {}
    for name, field, text in (("source", _SOURCE, source), ("external_id", _ID, external_id)):
        try:
            field.read(text)
        except fields.NotUsable as error:
            wrong[name] = str(error.args[0])
    if wrong:
        raise InvalidParameter(fields=wrong)
    return Line(place=0, source=source.strip(), external_id=external_id.strip(), given=given)


def lines_of(items: Sequence[Any], row: type[fields.Input]) -> list[Line]:
    """A line for each item; those that cannot be used are refused already."""
    form = row()
    _look_up(form, items)
    lines = [_line(form, place, item) for place, item in enumerate(items)]
    refuse_doubles(lines)
    return lines


def answer(lines: Sequence[Line], kind: str) -> Response:
    """What became of each line. 200 also where some are refused: the others are stored."""
    counts = Counter(line.outcome for line in lines)
    told = {str(outcome): counts[outcome] for outcome in Outcome}
    return Response({**told, "results": [_told(line, kind) for line in lines]})


def answer_one(line: Line, show: Callable[[UUID], Mapping[str, Any]], noun: str) -> Response:
    """The row as it is now: 201 where it was made, else 200. Raises why it was refused."""
    if line.key is None:
        raise line.refusal or Invalid()
    row = show(line.key)
    if line.outcome is not Outcome.CREATED:
        return Response(row)
    return Response(row, status=201, headers={"Location": f"/api/v1/{noun}/{row['id']}"})


def _line(form: fields.Input, place: int, item: Any) -> Line:
    line = Line(place=place)
    if isinstance(item, Mapping):
        line.source, line.external_id = (
            text.strip() if isinstance(text := item.get(name), str) else "" for name in ("source", "external_id")
        )
    try:
        given = dict(form.run_validation(item))
    except ValidationError as error:
        line.refuse(Invalid())
        line.errors = list(items_of(error.detail, f"#/items/{place}"))
        return line
    line.source, line.external_id = given.pop("source"), given.pop("external_id")
    line.given = given
    return line


def _look_up(form: Any, items: Sequence[Any]) -> None:
    """Read the rows that the items refer to, with one statement for each field."""
    for name, field in form.fields.items():
        if not isinstance(field, fields.Reference | ListSerializer):
            continue
        given = [item[name] for item in items if isinstance(item, Mapping) and name in item]
        flat = [one for value in given for one in (value if isinstance(value, list) else [value])]
        if isinstance(field, fields.Reference):
            field.look_up({text for text in flat if isinstance(text, str)})
        else:
            _look_up(field.child, flat)


def _told(line: Line, kind: str) -> dict[str, Any]:
    refusal = line.refusal
    errors = list(line.errors) or (list(items_of_refusal(refusal, f"#/items/{line.place}")) if refusal else [])
    return {
        "index": line.place,
        "outcome": str(line.outcome),
        "id": ids.encode(kind, line.key) if line.key else None,
        "source": line.source[:LONGEST_SOURCE] or None,
        "external_id": line.external_id[:LONGEST_ID] or None,
        "code": refusal.code if refusal else None,
        "detail": str(refusal) if refusal else None,
        "errors": errors,
    }


_SOURCE, _ID = source(), external_id()
