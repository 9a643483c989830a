"""What strategies, their versions and their parts look like outside."""

from __future__ import annotations

from typing import Any

import orjson

from accounts.api import fields, ids
from accounts.api.nouns import Noun
from accounts.api.shapes import MEMBER, ref
from strategy import plan_listings as listings
from strategy.api.plan_text import PlanText, shown, shown_play
from strategy.models import Strategy as StrategyModel
from strategy.plan import document
from strategy.plan.document import Document
from strategy.plan.missing import gaps
from strategy.plan.templates import Template
from strategy.plan_listings import PartRow, StrategyRow, VersionRow
from strategy.strategies import Standing, working_text


class Strategy(fields.Output):
    """What an organisation intends. It is a draft until it is activated, and stays readable once it is retired.

    While `is_being_written`, something waits to be published.
    """

    id = fields.Id(ids.STRATEGY)
    name = fields.Text(longest=120)
    title = fields.Text(longest=200, help_text="The goal in one sentence, of the newest version")
    state = fields.OneOf(StrategyModel.State.values)
    owner = fields.Ref(ids.MEMBER)
    alternative_to = fields.Ref(ids.STRATEGY, allow_null=True, help_text="The strategy it was copied from")
    newest_version = fields.Whole(least=1, allow_null=True, help_text="null: it was never active")
    is_being_written = fields.Switch()
    created_at = fields.Moment()
    activated_at = fields.Moment(allow_null=True)
    retired_at = fields.Moment(allow_null=True)
    retired_because = fields.Text(longest=300, allow_null=True)


Strategy.expands = {"owner": MEMBER}


def strategy(row: StrategyRow) -> dict[str, Any]:
    """A strategy without its text."""
    return {
        "id": ids.encode(ids.STRATEGY, row.key),
        "name": row.name,
        "title": row.title or "",
        "state": row.state,
        "owner": ref(ids.MEMBER, row.owner, row.owner_name),
        "alternative_to": ref(ids.STRATEGY, row.alternative_to, row.alternative_name),
        "newest_version": row.number,
        "is_being_written": row.is_written,
        "created_at": row.created_at,
        "activated_at": row.activated_at,
        "retired_at": row.retired_at,
        "retired_because": row.retired_because or None,
    }


STRATEGY = Noun(listings.STRATEGIES, strategy, Strategy, "strategy.see")


class Missing(fields.Output):
    """Something that a strategy needs before it can be activated."""

    pointer = fields.Text(longest=200, help_text="JSON pointer into this answer, as #/text/goal/by")
    detail = fields.Text(longest=400)


class StrategyWithText(Strategy):
    """A strategy with what it says. `text` is what can be changed; `published` is the newest version's.

    What waits to be published is shown to members who may change strategies: others get the published text as `text`.
    Parts in the text keep their ids through all versions. Types are those of the organisation.
    """

    expands = Strategy.expands

    text = PlanText()
    published = PlanText(allow_null=True, help_text="null: it was never active")
    missing = Missing(many=True, help_text="What it takes before this text can be activated")


def with_text(of: Standing, *, may_edit: bool) -> dict[str, Any]:
    """A strategy with what it says, as its pages show it: what waits to be published only to those who may edit."""
    text = working_text(of) if may_edit or of.version is None else of.text
    return {
        **strategy(listings.STRATEGIES.one(of.strategy.pk)),
        "text": shown(text.as_json()),
        "published": shown(of.text.as_json()) if of.version else None,
        "missing": [{"pointer": f"#/text/{gap.place}", "detail": gap.words} for gap in gaps(text)],
    }


class Version(fields.Output):
    """What a strategy said from one moment on. It never changes."""

    id = fields.Id(ids.STRATEGY_VERSION)
    number = fields.Whole(least=1)
    note = fields.Text(longest=300, allow_null=True, help_text="Why it was changed")
    published_at = fields.Moment()
    published_by = fields.Ref(ids.MEMBER)
    text = PlanText()


Version.expands = {"published_by": MEMBER}


def version(row: VersionRow) -> dict[str, Any]:
    """What a strategy said."""
    return {
        "id": ids.encode(ids.STRATEGY_VERSION, row.key),
        "number": row.number,
        "note": row.note or None,
        "published_at": row.published_at,
        "published_by": ref(ids.MEMBER, row.by, row.by_name),
        "text": shown(Document(**document_of(row.content)).as_json()),
    }


def document_of(stored: str) -> dict[str, Any]:
    """The fields of a stored text."""
    return dict(document.read(stored.encode()))


class SegmentOut(fields.Output):
    """Companies that a strategy serves. `text` is what the newest version that names it says of it."""

    class Meta:
        ref_name = "Segment"

    id = fields.Id(ids.SEGMENT)
    key = fields.Uuid(help_text="Its id in the strategy's text")
    name = fields.Text(longest=120)
    position = fields.Whole(least=1)
    is_current = fields.Switch(help_text="false: a later version left it out, or its strategy is retired")
    strategy = fields.Ref(ids.STRATEGY)
    text = PlanText(document.Segment)


def _part(kind: str, row: PartRow) -> dict[str, Any]:
    return {
        "id": ids.encode(kind, row.key),
        "key": str(row.part),
        "name": row.name,
        "position": row.place,
        "is_current": row.is_current,
        "strategy": ref(ids.STRATEGY, row.strategy, row.strategy_name),
        "text": orjson.loads(row.text or "null"),
    }


def segment(row: PartRow) -> dict[str, Any]:
    """A segment as it was said last."""
    return _part(ids.SEGMENT, row)


class PersonaOut(SegmentOut):
    """People that a strategy's plays are for. `text` is what the newest version that names it says of it."""

    class Meta:
        ref_name = "Persona"

    id = fields.Id(ids.PERSONA)
    text = PlanText(document.Persona)


def persona(row: PartRow) -> dict[str, Any]:
    """A persona as it was said last."""
    return _part(ids.PERSONA, row)


SEGMENT = Noun(listings.SEGMENTS, segment, SegmentOut, "strategy.see")
PERSONA = Noun(listings.PERSONAS, persona, PersonaOut, "strategy.see")


class PlayOut(SegmentOut):
    """A repeatable set of activities for one segment. `text` is what the newest version that names it says of it."""

    class Meta:
        ref_name = "Play"

    id = fields.Id(ids.PLAY)
    segment = fields.Ref(ids.SEGMENT, allow_null=True)
    persona = fields.Ref(ids.PERSONA, allow_null=True)
    text = PlanText(document.Play)


def play(row: PartRow) -> dict[str, Any]:
    """A play as it was said last."""
    found = _part(ids.PLAY, row)
    return {
        **found,
        "text": shown_play(found["text"]),
        "segment": ref(ids.SEGMENT, row.segment, row.segment_name),
        "persona": ref(ids.PERSONA, row.persona, row.persona_name),
    }


PLAY = Noun(listings.PLAYS, play, PlayOut, "strategy.see")
for shape in (SegmentOut, PersonaOut):
    shape.expands = {"strategy": STRATEGY}
PlayOut.expands = {"strategy": STRATEGY, "segment": SEGMENT, "persona": PERSONA}


class TemplateOut(fields.Output):
    """A strategy to begin from. Its expected rates are examples to be tested, not findings."""

    class Meta:
        ref_name = "StrategyTemplate"

    template = fields.OneOf(Template)
    name = fields.Text(longest=120)
    about = fields.Text(longest=300)
    text = PlanText()
