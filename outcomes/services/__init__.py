from outcomes.services.milestones import record_milestone
from outcomes.services.strategies import begin_strategy, write_strategy

__all__ = ["begin_strategy", "record_milestone", "write_strategy"]
