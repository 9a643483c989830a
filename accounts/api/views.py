"""Who calls, and who is there."""

from __future__ import annotations

from rest_framework.response import Response

from accounts.api import fields, ids, shapes
from accounts.api.filters import Filter
from accounts.api.resource import Resource, TokenRequest
from accounts.listings import MEMBERS


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


class Members(Resource):
    """People in the organisation."""

    kind = ids.MEMBER
    access = {"list": "member.see", "retrieve": "member.see"}
    names = {"list": "list_members", "retrieve": "get_member"}
    gives = {"list": shapes.Member, "retrieve": shapes.Member}
    filters = {
        "list": [
            Filter("source", fields.Text(longest=40), "The system that `external_id` belongs to."),
            Filter("external_id", fields.Text(longest=200), "The member's id in that system."),
        ]
    }

    def list(self, request: TokenRequest) -> Response:
        """List the members, the first to join first."""
        return self.page(MEMBERS, shapes.member)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one member."""
        return Response(shapes.member(self.shown(MEMBERS, id)))
