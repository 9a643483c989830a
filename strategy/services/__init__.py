from strategy.services.deals import move_deal, open_deal, qualify_deal, reopen_deal, watch_deal

__all__ = ["move_deal", "open_deal", "qualify_deal", "reopen_deal", "watch_deal"]
