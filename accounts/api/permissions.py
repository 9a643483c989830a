"""Whether the caller may: the one table of roles, narrowed by the token's scopes."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission

from accounts.api.problems import InsufficientScope, Unauthenticated
from accounts.integrations.tokens import SCOPES, token_allows
from accounts.permissions import require


class MayAct(BasePermission):
    """Looks up `access[action]` of the view, and what `also` adds to it, for the member and for the token.

    An action that is missing from `access` is an error, never a hole.
    """

    def has_permission(self, request: Any, view: Any) -> bool:
        """True, or raises Unauthenticated, NotAllowed (role) or InsufficientScope (token)."""
        if not request.user or request.auth is None:
            raise Unauthenticated
        if view.action is None:
            return True  # the address does not know the method: 405 follows
        for capability in (view.access[view.action], *view.also.get(view.action, ())):
            require_for(request, capability)
        return True


def require_for(request: Any, capability: str) -> None:
    """Raises NotAllowed when the member's role, and InsufficientScope when the token does not include it."""
    require(request.user, capability)
    if not token_allows(request.auth, capability):
        raise InsufficientScope(capability=capability, scopes=scopes_for(capability))


def scopes_for(capability: str) -> list[str]:
    """The scopes that include a capability."""
    return sorted(scope for scope, reaches in SCOPES.items() if capability in reaches)
