from strategy.services.deals import move_deal, open_deal, qualify_deal, reopen_deal, watch_deal
from strategy.services.handover import hand_over_deals

__all__ = ["hand_over_deals", "move_deal", "open_deal", "qualify_deal", "reopen_deal", "watch_deal"]
