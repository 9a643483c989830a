from strategy.models.customers import Attribute, BuyingRole, Company, Contact, Merge
from strategy.models.deals import BulkEdit, Deal, DealEvent, OwnerSpan, PlanSpan, StageSpan
from strategy.models.pipeline import Competitor, DealSource, EndCause, EndReason, ExchangeRate, Pipeline, Stage
from strategy.models.plan import PlanPart, Strategy, StrategyVersion

__all__ = [
    "Attribute",
    "BulkEdit",
    "BuyingRole",
    "Company",
    "Competitor",
    "Contact",
    "Deal",
    "DealEvent",
    "DealSource",
    "EndCause",
    "EndReason",
    "ExchangeRate",
    "Merge",
    "OwnerSpan",
    "Pipeline",
    "PlanPart",
    "PlanSpan",
    "Stage",
    "StageSpan",
    "Strategy",
    "StrategyVersion",
]
