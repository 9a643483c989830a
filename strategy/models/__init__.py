from strategy.models.customers import Company
from strategy.models.deals import Deal, DealEvent, OwnerSpan, StageSpan
from strategy.models.pipeline import EndCause, EndReason, Pipeline, Stage
from strategy.models.plan import PlanPart, Strategy, StrategyVersion

__all__ = [
    "Company",
    "Deal",
    "DealEvent",
    "EndCause",
    "EndReason",
    "OwnerSpan",
    "Pipeline",
    "PlanPart",
    "Stage",
    "StageSpan",
    "Strategy",
    "StrategyVersion",
]
