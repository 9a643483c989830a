"""What programs send to change pipelines, stages, lists of words and exchange rates."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.api import fields, ids
from accounts.api.fields import NotUsable
from strategy.models import EndCause, Pipeline, Stage
from strategy.services.pipelines import LONGEST_PATIENCE

LAST_PLACE = 1000
KEY, MOST_KEYS = "[a-z_][a-z0-9_]{0,39}", 40
RATE = r"[0-9]{1,10}(\.[0-9]{1,8})?"


class Exact(fields.StrictField):
    """A number above zero as a text, so that no digit is lost on the way."""

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{RATE}$"}

    def read(self, given: Any) -> Decimal:
        if not isinstance(given, str) or not re.fullmatch(RATE, given, re.ASCII):
            raise NotUsable(_("Write the rate as a text like “0.92”."))
        return Decimal(given)


class Keys(fields.StrictField):
    """Some requirements by their keys, each once, or none. The deed knows which a stage of a kind can ask for."""

    def schema(self) -> dict[str, Any]:
        word = {"type": "string", "pattern": f"^{KEY}$"}
        return {"type": "array", "items": word, "uniqueItems": True, "maxItems": MOST_KEYS}

    def read(self, given: Any) -> list[str]:
        if not isinstance(given, list) or len(given) > MOST_KEYS:
            raise NotUsable(_("Give a list of at most {most} keys.").format(most=MOST_KEYS))
        if not all(isinstance(one, str) and re.fullmatch(KEY, one) for one in given):
            raise NotUsable(_("Write keys like “expected_close_on”."))
        if len(set(given)) < len(given):
            raise NotUsable(_("Give each once."))
        return given


def place() -> fields.Whole:
    return fields.Whole(least=1, most=LAST_PLACE, required=False, help_text="Its place, from 1; the others make room")


def archived() -> fields.Switch:
    return fields.Switch(required=False, help_text="true: no longer offered")


class AddPipeline(fields.Input):
    """A new pipeline, after the others. It begins with one open stage and an end of each kind."""

    name = fields.Text(longest=80)


class ChangePipeline(fields.Input):
    """What is to change of a pipeline; what is left out stays."""

    name = fields.Text(longest=80, required=False)
    position = place()
    is_archived = archived()


class AddStage(fields.Input):
    """A new stage. Without a place it stands after the other open stages, or at the end."""

    pipeline = fields.Reference(ids.PIPELINE, lambda: Pipeline.objects.all())
    name = fields.Text(longest=80)
    kind = fields.OneOf(Stage.Kind.values, required=False, help_text="Without one: open")
    patience_days = fields.Whole(
        least=1,
        most=LONGEST_PATIENCE,
        required=False,
        allow_null=True,
        help_text="A deal that stands longer is stalled",
    )
    requires = Keys(
        required=False, help_text="What must be known of a deal before it enters: keys, and ids of milestone types"
    )
    position = place()


class ChangeStage(fields.Input):
    """What is to change of a stage; what is left out stays."""

    name = fields.Text(longest=80, required=False)
    kind = fields.OneOf(Stage.Kind.values, required=False, help_text="Only while no deal has been there")
    patience_days = fields.Whole(least=1, most=LONGEST_PATIENCE, required=False, allow_null=True)
    requires = Keys(required=False)
    position = place()
    is_archived = archived()


class AddEndReason(fields.Input):
    """A new reason for ends of a kind, after the others."""

    kind = fields.OneOf(EndCause.values)
    name = fields.Text(longest=120)


class AddWord(fields.Input):
    """A new entry, after the others."""

    name = fields.Text(longest=120)


class ChangeWord(fields.Input):
    """What is to change of an entry; what is left out stays."""

    name = fields.Text(longest=120, required=False)
    position = place()
    is_archived = archived()


class AddRate(fields.Input):
    """What one unit of a currency is worth in the organisation's own, from a day on until the next rate."""

    currency = fields.Currency()
    from_on = fields.Day()
    rate = Exact()
