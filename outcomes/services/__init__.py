from outcomes.services.answers import LinkOver, answer, note_opening
from outcomes.services.confirmations import ask, revoke_confirmation
from outcomes.services.milestones import record_milestone
from outcomes.services.refusals import AskedOften
from outcomes.services.strategies import begin_strategy, write_strategy
from outcomes.services.undo import LedgerWentOn, undo_entry

__all__ = [
    "AskedOften",
    "LedgerWentOn",
    "LinkOver",
    "answer",
    "ask",
    "begin_strategy",
    "note_opening",
    "record_milestone",
    "revoke_confirmation",
    "undo_entry",
    "write_strategy",
]
