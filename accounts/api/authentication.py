"""Who calls: the member for whom the token speaks. The middleware has entered the tenant already."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.api.problems import InvalidToken
from accounts.models import ApiToken, Membership


class TokenAuthentication(BaseAuthentication):
    """Takes what `TenantMiddleware` found behind `Authorization: Bearer …`; sessions and cookies open nothing."""

    def authenticate(self, request: Request) -> tuple[Membership, ApiToken] | None:
        """The member and the token; None without a token. Raises InvalidToken for one that opens nothing."""
        # The plain request: DRF's own `membership` would be looked up through this very method.
        token: ApiToken | None = getattr(request._request, "token", None)
        if token is not None:
            return token.membership, token
        if request.headers.get("Authorization", ""):
            raise InvalidToken
        return None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document speaks of tokens."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "tl_live_<8>_<43>",
            "description": "A token made under Settings. It acts as its member, within its scopes.",
        }

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[str]]:
        """The scopes that include the operation; since 3.1 the document may name them for any scheme."""
        return {"token": auto_schema.scopes()}
