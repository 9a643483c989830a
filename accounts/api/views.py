"""Who calls, and the keys of programs."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.response import Response

from accounts.api import ids, inputs, shapes
from accounts.api.idempotency import idempotent
from accounts.api.problems import NotThere
from accounts.api.resource import Resource, TokenRequest, created
from accounts.integrations.tokens import make_token, revoke_token
from accounts.listings import MEMBERS, TOKENS, TokenRow
from accounts.models import ApiToken


class Me(Resource):
    """The caller."""

    access = {"list": "organisation.see"}
    names = {"list": "get_me"}
    gives = {"list": shapes.Me}
    lists = frozenset()

    def list(self, request: TokenRequest) -> Response:
        """Say for whom this token speaks.

        The organisation, the member and the token itself with its scopes and its end.
        """
        row = MEMBERS.one(request.user.pk)
        return Response(shapes.me(request.user, request.auth, row))


class Tokens(Resource):
    """Keys of programs: those of the member for whom the caller speaks."""

    kind = ids.TOKEN
    access = {"list": "token.see", "retrieve": "token.see", "create": "token.make", "destroy": "token.make"}
    takes = {"create": inputs.MakeToken}
    names = {"list": "list_tokens", "retrieve": "get_token", "create": "create_token", "destroy": "revoke_token"}
    gives = {"list": shapes.Token, "retrieve": shapes.Token, "create": shapes.NewToken}
    shown_once = {"create": ["secret"]}

    def list(self, request: TokenRequest) -> Response:
        """List your own tokens, the newest first.

        Those that have ended are among them.
        """
        return self.page(TOKENS, shapes.token, membership=request.user.pk)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one of your own tokens."""
        return Response(shapes.token(self._own(request, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Make a token.

        It acts as the same member, with some of the scopes of the token that asks, and ends with it at the latest:
        also when that one is revoked. `secret` is shown this once.
        """
        new = make_token(actor=request.user, at=timezone.now(), made_with=request.auth, **self.read(request))
        answer = shapes.token(TOKENS.one(new.token.pk)) | {"secret": new.secret}
        return created(answer, f"/api/v1/tokens/{answer['id']}")

    def destroy(self, request: TokenRequest, id: str) -> Response:
        """Revoke one of your own tokens.

        It opens nothing from now on, nor do those that were made with it. Doing it again changes nothing.
        """
        token = ApiToken.objects.get(pk=self._own(request, id).key)
        revoke_token(token=token, actor=request.user, at=timezone.now())
        return Response(status=204)

    def _own(self, request: TokenRequest, id: str) -> TokenRow:
        row: TokenRow = self.shown(TOKENS, id)
        if row.membership != request.user.pk:
            raise NotThere
        return row
