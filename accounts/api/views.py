"""Who calls, and the keys of programs."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.response import Response

from accounts.api import audit, fields, filters, ids, inputs, shapes
from accounts.api.filters import Filter
from accounts.api.idempotency import idempotent
from accounts.api.problems import NotThere
from accounts.api.resource import Resource, TokenRequest, created
from accounts.api.tags import Match
from accounts.integrations.tokens import make_token, revoke_token
from accounts.listings import AUDIT, MEMBERS, TOKENS, TokenRow
from accounts.models import ApiToken, Membership, Tenant
from accounts.services import edit_organisation


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


class Organisation(Resource):
    """The organisation itself."""

    access = {"list": "organisation.see", "change": "organisation.edit"}
    names = {"list": "get_organisation", "change": "update_organisation"}
    gives = {"list": shapes.Organisation, "change": shapes.Organisation}
    takes = {"change": inputs.EditOrganisation}
    guarded = {"change": Match.NEEDED}
    table = Tenant
    lists = frozenset()

    def list(self, request: TokenRequest) -> Response:
        """Show the organisation and its settings."""
        return Response(shapes.organisation(Tenant.objects.get(pk=request.user.tenant_id)))

    def change(self, request: TokenRequest) -> Response:
        """Change settings of the organisation.

        Those that are left out stay as they are. The address (`slug`) is for owners. Answers 409 `currency_in_use` once
        a deal has an amount, `import_under_way`, `address_taken`, `moved_too_often` and `too_many_addresses`.
        """
        tenant = edit_organisation(actor=request.user, at=timezone.now(), **self.read(request))
        return Response(shapes.organisation(tenant))


class AuditEvents(Resource):
    """Who did what, and when."""

    kind = ids.AUDIT_EVENT
    access = {"list": "audit.see", "retrieve": "audit.see"}
    names = {"list": "list_audit_events", "retrieve": "get_audit_event"}
    gives = {"list": audit.AuditEvent, "retrieve": audit.AuditEvent}
    filters = {
        "list": [
            filters.of("actor", ids.MEMBER, lambda: Membership.objects.all(), "Only what this member did."),
            Filter("kind", audit.Kind(), "Only verbs that begin with this and a dot, as `deal`."),
            Filter("subject", audit.AnyId(), "Only what was done to the row with this id, of any type."),
            Filter("since", fields.Moment(), "Only what was done at this moment or later."),
            Filter("until", fields.Moment(), "Only what was done before this moment."),
        ]
    }

    def list(self, request: TokenRequest) -> Response:
        """List what was done, the newest first."""
        return self.page(AUDIT, audit.audit_event)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one entry."""
        return Response(audit.audit_event(self.shown(AUDIT, id)))
