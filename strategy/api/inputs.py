"""What programs send to change deals."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet

from accounts.api import fields, ids, upserts
from accounts.models import Membership
from strategy.api.customer_inputs import Own
from strategy.api.pipeline_inputs import Exact
from strategy.models import (
    Company,
    Competitor,
    Contact,
    Deal,
    DealSource,
    EndReason,
    Pipeline,
    PlanPart,
    Stage,
    Strategy,
)
from strategy.services.deals import LARGEST_AMOUNT
from strategy.services.deals.bulk import MOST

RATE = "What one unit of its currency is worth in the organisation's, where no rate of the day is written down"


def amount(**options: Any) -> fields.Whole:
    return fields.Whole(most=LARGEST_AMOUNT, required=False, allow_null=True, **options)


def day(**options: Any) -> fields.Day:
    return fields.Day(required=False, allow_null=True, **options)


def one(kind: str, rows: Any, **options: Any) -> fields.Reference:
    return fields.Reference(kind, rows, required=False, allow_null=True, **options)


def stages() -> QuerySet[Stage]:
    return Stage.objects.select_related("pipeline")


def sellers() -> QuerySet[Membership]:
    return Membership.objects.filter(is_active=True)


def parts(kind: str) -> Any:
    return lambda: PlanPart.objects.filter(kind=kind).select_related("strategy")


class DealFacts(fields.Input):
    """What is known of a deal. What is left out stays as it is; null empties it."""

    name = fields.Text(longest=200, required=False)
    company = one(ids.COMPANY, lambda: Company.objects.all())
    amount = amount(help_text="Whole minor units (cents)")
    currency = fields.Currency(required=False, help_text="Can be changed until the deal is qualified")
    expected_close_on = day()
    owner = fields.Reference(ids.MEMBER, sellers, required=False)
    strategy = one(ids.STRATEGY, lambda: Strategy.objects.all(), help_text="One that is active")
    segment = one(ids.SEGMENT, parts(PlanPart.Kind.SEGMENT), help_text="It says which strategy")
    play = one(ids.PLAY, parts(PlanPart.Kind.PLAY), help_text="It says which strategy")
    came_from = one(ids.DEAL_SOURCE, lambda: DealSource.objects.all())
    competitor = one(ids.COMPETITOR, lambda: Competitor.objects.all(), help_text="Of a deal that was lost")
    is_test = fields.Switch(required=False, help_text="Test deals count nowhere")
    attributes = Own(required=False, help_text="Own attributes by their keys; those that are not named stay")


class ChangeDeal(DealFacts):
    """What is to change of a deal, and from which day on it holds. What is left out stays."""

    on = day(help_text="Without one: today")


class OpenDeal(fields.Input):
    """A new deal. It begins in the first open stage unless one is named; with `qualified_on` it is qualified too."""

    name = fields.Text(longest=200)
    company = one(ids.COMPANY, lambda: Company.objects.all())
    pipeline = one(ids.PIPELINE, lambda: Pipeline.objects.all())
    stage = one(ids.STAGE, stages)
    owner = one(ids.MEMBER, sellers, help_text="Without one: the token's member")
    amount = amount(help_text="Whole minor units (cents)")
    currency = fields.Currency(required=False, help_text="Without one: the organisation's")
    rate = Exact(required=False, allow_null=True, help_text=RATE)
    opened_on = day()
    qualified_on = day()
    qualification_note = fields.Text(longest=5000, empty=True, required=False)
    expected_close_on = day()
    strategy = one(ids.STRATEGY, lambda: Strategy.objects.all(), help_text="One that is active")
    segment = one(ids.SEGMENT, parts(PlanPart.Kind.SEGMENT), help_text="It says which strategy")
    play = one(ids.PLAY, parts(PlanPart.Kind.PLAY), help_text="It says which strategy")
    came_from = one(ids.DEAL_SOURCE, lambda: DealSource.objects.all())
    is_test = fields.Switch(required=False, help_text="Test deals count nowhere")
    attributes = Own(required=False, help_text="Own attributes by their keys")
    source = fields.Text(longest=40, empty=True, required=False, help_text="The system that external_id belongs to")  # type: ignore[assignment]
    external_id = fields.Text(longest=200, empty=True, required=False)
    override_because = fields.Text(
        longest=300, empty=True, required=False, help_text="Past what the stage asks for, by whoever may override"
    )


class Supply(DealFacts):
    """What a stage asks for, stored in the same step."""

    #: What else may come, with the capability that it needs beside that of moving.
    needs: ClassVar[dict[str, str]] = {}

    competitor = None  # type: ignore[assignment]

    qualified_on = day()
    rate = Exact(required=False, allow_null=True, help_text=RATE)
    contact = one(ids.CONTACT, lambda: Contact.objects.all(), help_text="Somebody at the customer")
    champion = one(ids.CONTACT, lambda: Contact.objects.all())
    economic_buyer = one(ids.CONTACT, lambda: Contact.objects.all())

    @classmethod
    def take(cls, name: str, field: Any, *, needs: str) -> None:
        """Let apps above this one take something in the same step."""
        cls._declared_fields[name] = field
        cls.needs[name] = needs


class Transition(fields.Input):
    """Another stage for a deal. A stage that ends deals closes it; an open stage opens a deal that was over."""

    stage = fields.Reference(ids.STAGE, stages)
    on = day(help_text="The day it happened; without one: today")
    reason = one(ids.END_REASON, lambda: EndReason.objects.all(), help_text="Why the deal ended, of the stage's kind")
    competitor = one(ids.COMPETITOR, lambda: Competitor.objects.all(), help_text="Whom it was lost to")
    amount = amount(help_text="What it closed at")
    supply = Supply(required=False)
    override_because = fields.Text(
        longest=300, empty=True, required=False, help_text="Past what the stage asks for, by whoever may override"
    )


class Qualification(fields.Input):
    """That a deal is worth pursuing: the day starts every clock and never moves."""

    on = day(help_text="Without one: today")
    note = fields.Text(longest=5000, empty=True, required=False, help_text="By what criteria")
    rate = Exact(required=False, allow_null=True, help_text=RATE)


class PutDeal(DealFacts):
    """What another system knows of a deal. What is left out stays; `stage` moves it, closes it or opens it again."""

    name = fields.Text(longest=200, required=False, help_text="Needed for a new one")
    pipeline = one(ids.PIPELINE, lambda: Pipeline.objects.all(), help_text="Of a new one")
    stage = one(ids.STAGE, stages)
    reason = one(ids.END_REASON, lambda: EndReason.objects.all(), help_text="Why the deal ended, of the stage's kind")
    opened_on = day()
    qualified_on = day()
    qualification_note = fields.Text(longest=5000, empty=True, required=False)
    rate = Exact(required=False, allow_null=True, help_text=RATE)
    on = day(help_text="The day from which a change holds; without one: today")


class UpsertDeal(PutDeal):
    """A deal by its id in another system."""

    source = upserts.source()  # type: ignore[assignment]
    external_id = upserts.external_id()


class UpsertDeals(fields.Input):
    """Up to 500 deals, each judged by itself."""

    items = upserts.Rows(UpsertDeal)


class BulkChange(DealFacts):
    """What is to change of every deal that is named."""

    competitor = None  # type: ignore[assignment]

    stage = fields.Reference(ids.STAGE, stages, required=False, help_text="An open one")


class Several(fields.StrictField):
    """Ids of deals, each once."""

    def schema(self) -> dict[str, Any]:
        item = {"type": "string", "pattern": ids.pattern(ids.DEAL)}
        return {"type": "array", "items": item, "minItems": 1, "maxItems": MOST, "uniqueItems": True}

    def read(self, given: Any) -> list[Any]:
        if not isinstance(given, list) or not 1 <= len(given) <= MOST:
            raise fields.NotUsable(f"Give a list of 1 to {MOST} ids.")
        deal = fields.Id(ids.DEAL)
        keys = [deal.read(text) for text in given]
        if len(set(keys)) < len(keys):
            raise fields.NotUsable("Give each once.")
        return keys


class BulkEditDeals(fields.Input):
    """A change of many deals, named one by one."""

    deals = Several()
    change = BulkChange()
    on = day(help_text="The day from which it holds; without one: today")


class MergeDeal(fields.Input):
    """The other deal, which turned out to be this one."""

    gone = fields.Reference(ids.DEAL, lambda: Deal.objects.all())
