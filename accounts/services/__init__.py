from accounts.services.organisations import AddressTaken, open_organisation

__all__ = ["AddressTaken", "open_organisation"]
