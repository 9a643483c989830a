from outcomes.services.milestones import record_milestone

__all__ = ["record_milestone"]
