from outcomes.models.confirmations import Confirmation, ConfirmationAnswer
from outcomes.models.ledger import (
    EvidenceFile,
    Grade,
    Milestone,
    MilestoneActivity,
    MilestoneEvent,
    MilestoneType,
)
from outcomes.models.plans import (
    ActivityTarget,
    Conversation,
    ConversationDeal,
    ConversationTheme,
    MutualStep,
    PlannedActivity,
    StepProposal,
    Theme,
)
from outcomes.models.statistics import DealFact, StatisticGeneration, StatisticMark, StatisticResult

__all__ = [
    "ActivityTarget",
    "Confirmation",
    "ConfirmationAnswer",
    "Conversation",
    "ConversationDeal",
    "ConversationTheme",
    "DealFact",
    "EvidenceFile",
    "Grade",
    "Milestone",
    "MilestoneActivity",
    "MilestoneEvent",
    "MilestoneType",
    "MutualStep",
    "PlannedActivity",
    "StatisticGeneration",
    "StatisticMark",
    "StatisticResult",
    "StepProposal",
    "Theme",
]
