"""Deeds of this app, by what they change."""

from accounts.services.addresses import AddressTaken
from accounts.services.organisations import edit_organisation, open_organisation

__all__ = ["AddressTaken", "edit_organisation", "open_organisation"]
