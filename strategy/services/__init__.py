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
from strategy.services.drafts import (
    copy_strategy,
    drop_changes,
    give_strategy,
    rename_strategy,
    throw_draft_away,
)
from strategy.services.handover import hand_over_deals
from strategy.services.plan import activate_strategy, begin_strategy, newest_version, retire_strategy, write_strategy

__all__ = [
    "activate_strategy",
    "begin_strategy",
    "change_deal",
    "copy_strategy",
    "drop_changes",
    "give_strategy",
    "hand_over_deals",
    "move_deal",
    "newest_version",
    "open_deal",
    "qualify_deal",
    "reassign_deal",
    "rename_strategy",
    "reopen_deal",
    "replan_deal",
    "reprice_deal",
    "reschedule_deal",
    "retire_strategy",
    "throw_draft_away",
    "watch_deal",
    "write_strategy",
]
