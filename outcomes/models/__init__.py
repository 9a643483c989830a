from outcomes.models.confirmations import Confirmation, ConfirmationAnswer
from outcomes.models.ledger import (
    EvidenceFile,
    Grade,
    Milestone,
    MilestoneActivity,
    MilestoneEvent,
    MilestoneType,
)
from outcomes.models.statistics import DealFact, StatisticGeneration, StatisticMark, StatisticResult

__all__ = [
    "Confirmation",
    "ConfirmationAnswer",
    "DealFact",
    "EvidenceFile",
    "Grade",
    "Milestone",
    "MilestoneActivity",
    "MilestoneEvent",
    "MilestoneType",
    "StatisticGeneration",
    "StatisticMark",
    "StatisticResult",
]
