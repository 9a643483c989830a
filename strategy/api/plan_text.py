"""The text of a strategy as programs read and write it: the stored document, with types named by their ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from pydantic import BaseModel

from accounts.api import fields, ids
from accounts.refusals import Invalid, Refused
from strategy.plan.document import Document

KINDS = {"activities": ids.ACTIVITY_TYPE, "outputs": ids.OUTPUT_TYPE, "milestones": ids.MILESTONE_TYPE}
UNNEEDED = ("title", "default")
#: What stands beside the text in what is sent.
BESIDE = ("name", "owner", "note")


class PlanText(fields.StrictField):
    """A text of a strategy, or one of its parts. What it takes is judged with the deed, place by place."""

    def __init__(self, of: type[BaseModel] = Document, *, whole: bool = True, **options: Any) -> None:
        self.of, self.whole = of, whole
        super().__init__(**options)

    @property
    def component(self) -> str:
        name = "Strategy" if self.of is Document else self.of.__name__
        return f"{name}Text" if self.whole else f"{name}TextInput"

    def schema(self) -> dict[str, Any]:
        return schema_of(self.of, self.whole)

    def read(self, given: Any) -> dict[str, Any]:
        if not isinstance(given, dict):
            raise fields.NotUsable(_("Give an object."))
        return given


@cache
def schema_of(model: type[BaseModel], whole: bool) -> dict[str, Any]:
    """The JSON schema of a text, complete in itself; `whole` where every field is there, as in answers."""
    found = model.model_json_schema(mode="serialization" if whole else "validation")
    parts = found.pop("$defs", {})
    return _plain(found, parts, whole)  # type: ignore[no-any-return]


def _plain(told: Any, parts: Mapping[str, Any], whole: bool, of: str = "") -> Any:
    if isinstance(told, list):
        return [_plain(one, parts, whole, of) for one in told]
    if not isinstance(told, dict):
        return told
    if "$ref" in told:
        return _plain(parts[told["$ref"].rpartition("/")[2]], parts, whole, of)
    if several := told.get("anyOf"):
        one = _plain(next(form for form in several if form.get("type") != "null"), parts, whole, of)
        return one | {"type": [one["type"], "null"]}
    if told.get("format") == "uuid" and of in KINDS:
        return {"type": "string", "pattern": ids.pattern(KINDS[of])}
    made = {name: value for name, value in told.items() if name not in UNNEEDED and name != "properties"}
    if items := made.get("items"):
        made["items"] = _plain(items, parts, whole, of)
    if properties := told.get("properties"):
        made["properties"] = {
            name: _plain(value, parts, whole, of if name == "type" else name) for name, value in properties.items()
        }
        if whole:
            made["required"] = list(properties)
    return made


def shown(text: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A stored text as programs read it."""
    if text is None:
        return None
    return {**text, "plays": [shown_play(play) for play in text["plays"]]}


def shown_play(play: Mapping[str, Any]) -> dict[str, Any]:
    """A stored play as programs read it."""
    return _with_types(play, lambda kind, key, _place: ids.encode(kind, UUID(key)))


def stored(given: Mapping[str, Any]) -> dict[str, Any]:
    """A text as it is stored. What is not of the right form is left for `plan.document.read` to tell.

    Raises Invalid with each place that should name a type and does not.
    """
    wrong: dict[str, str] = {}

    def key_of(kind: str, text: Any, place: str) -> str:
        try:
            return str(ids.decode(kind, text if isinstance(text, str) else ""))
        except ids.NotAnId:
            wrong[place] = _("Give an id like {kind}_….").format(kind=kind)
            return str(UUID(int=0))

    plays = given.get("plays")
    if not isinstance(plays, list):
        return dict(given)
    read = [
        _with_types(play, lambda kind, text, place, at=at: key_of(kind, text, f"plays/{at}/{place}"))  # type: ignore[misc]
        if isinstance(play, dict)
        else play
        for at, play in enumerate(plays)
    ]
    if wrong:
        raise Invalid(fields=dict(list(wrong.items())[: fields.MOST_TOLD]))
    return {**given, "plays": read}


def _with_types(play: Mapping[str, Any], change: Callable[[str, Any, str], str]) -> dict[str, Any]:
    made = dict(play)
    if isinstance(efforts := play.get("activities"), list):
        made["activities"] = [
            {**one, "type": change(ids.ACTIVITY_TYPE, one["type"], f"activities/{at}/type")}
            if isinstance(one, dict) and "type" in one
            else one
            for at, one in enumerate(efforts)
        ]
    for name in ("outputs", "milestones"):
        if isinstance(keys := play.get(name), list):
            made[name] = [change(KINDS[name], key, f"{name}/{at}") for at, key in enumerate(keys)]
    return made


def below(refusal: Refused, name: str) -> Refused:
    """The refusal with its places in the text below the field that has the text: "goal/by" is "text/goal/by"."""
    told = list(refusal.fields.items())[: fields.MOST_TOLD]
    refusal.fields = {place if place in BESIDE else f"{name}/{place}".rstrip("/"): words for place, words in told}
    return refusal
