from strategy.services.deals import (
    change_deal,
    move_deal,
    open_deal,
    qualify_deal,
    reassign_deal,
    reopen_deal,
    replan_deal,
    reprice_deal,
    reschedule_deal,
    watch_deal,
)
from strategy.services.handover import hand_over_deals
from strategy.services.plan import activate_strategy, begin_strategy, newest_version, retire_strategy, write_strategy

__all__ = [
    "activate_strategy",
    "begin_strategy",
    "change_deal",
    "hand_over_deals",
    "move_deal",
    "newest_version",
    "open_deal",
    "qualify_deal",
    "reassign_deal",
    "reopen_deal",
    "replan_deal",
    "reprice_deal",
    "reschedule_deal",
    "retire_strategy",
    "watch_deal",
    "write_strategy",
]
