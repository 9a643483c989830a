from outcomes.models.ledger import Grade, Milestone, MilestoneEvent, MilestoneType
from outcomes.models.statistics import DealFact, StatisticGeneration, StatisticMark, StatisticResult

__all__ = [
    "DealFact",
    "Grade",
    "Milestone",
    "MilestoneEvent",
    "MilestoneType",
    "StatisticGeneration",
    "StatisticMark",
    "StatisticResult",
]
