"""Deeds of this app, by what they change."""

from accounts.services.addresses import AddressTaken
from accounts.services.invitations import invite, resend_invitation, revoke_invitation
from accounts.services.joining import accept_invitation, join_with_new_account
from accounts.services.members import (
    change_role,
    deactivate_member,
    hand_over_ownership,
    leave_organisation,
    put_in_team,
    reactivate_member,
    rename_member,
)
from accounts.services.organisations import edit_organisation, open_organisation
from accounts.services.persons import (
    confirm_address,
    follow_address,
    give_way,
    open_wanted_organisation,
    rename_person,
)
from accounts.services.placeholders import link_placeholder
from accounts.services.teams import add_team, move_team, remove_team, rename_team, set_manager

__all__ = [
    "AddressTaken",
    "accept_invitation",
    "add_team",
    "change_role",
    "confirm_address",
    "deactivate_member",
    "edit_organisation",
    "follow_address",
    "give_way",
    "hand_over_ownership",
    "invite",
    "join_with_new_account",
    "leave_organisation",
    "link_placeholder",
    "move_team",
    "open_organisation",
    "open_wanted_organisation",
    "put_in_team",
    "reactivate_member",
    "remove_team",
    "rename_member",
    "rename_person",
    "rename_team",
    "resend_invitation",
    "revoke_invitation",
    "set_manager",
]
