from strategy.services.customers.attributes import define_attribute, edit_attribute, order_attributes
from strategy.services.customers.companies import edit_company, open_company, upsert_companies
from strategy.services.customers.contacts import (
    edit_contact,
    give_buying_role,
    open_contact,
    take_buying_role,
    upsert_contacts,
)
from strategy.services.customers.merging import merge_companies, merge_contacts, undo_merge
from strategy.services.customers.storing import refuse_merged
from strategy.services.deals import (
    bulk_edit_deals,
    change_deal,
    merge_deals,
    move_deal,
    open_deal,
    qualify_deal,
    refuse_closed,
    reopen_deal,
    undo_bulk_edit,
    undo_deal_merge,
    upsert_deals,
    watch_deal,
    watch_deals,
)
from strategy.services.drafts import (
    copy_strategy,
    drop_changes,
    give_strategy,
    rename_strategy,
    throw_draft_away,
)
from strategy.services.handover import hand_over_deals
from strategy.services.plan import activate_strategy, begin_strategy, retire_strategy, write_strategy

__all__ = [
    "activate_strategy",
    "begin_strategy",
    "bulk_edit_deals",
    "change_deal",
    "copy_strategy",
    "define_attribute",
    "drop_changes",
    "edit_attribute",
    "edit_company",
    "edit_contact",
    "give_buying_role",
    "give_strategy",
    "hand_over_deals",
    "merge_companies",
    "merge_contacts",
    "merge_deals",
    "move_deal",
    "open_company",
    "open_contact",
    "open_deal",
    "order_attributes",
    "qualify_deal",
    "refuse_closed",
    "refuse_merged",
    "rename_strategy",
    "reopen_deal",
    "retire_strategy",
    "take_buying_role",
    "throw_draft_away",
    "undo_bulk_edit",
    "undo_deal_merge",
    "undo_merge",
    "upsert_companies",
    "upsert_contacts",
    "upsert_deals",
    "watch_deal",
    "watch_deals",
    "write_strategy",
]
