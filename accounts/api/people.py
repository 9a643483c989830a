"""Members, teams and invitations."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts import people, services
from accounts.api import fields, filters, ids, inputs, shapes
from accounts.api.filters import Filter
from accounts.api.idempotency import idempotent
from accounts.api.problems import NotThere
from accounts.api.resource import Resource, TokenRequest, created
from accounts.api.tags import Match
from accounts.listings import INVITATIONS, MEMBERS, TEAMS
from accounts.models import Invitation, Membership, Team
from accounts.models.organisation import Role


class Members(Resource):
    """People in the organisation."""

    kind = ids.MEMBER
    access = {
        "list": "member.see",
        "retrieve": "member.see",
        "partial_update": "member.edit",
        "deactivation": "member.edit",
        "reactivation": "member.edit",
    }
    names = {
        "list": "list_members",
        "retrieve": "get_member",
        "partial_update": "change_member",
        "deactivation": "deactivate_member",
        "reactivation": "reactivate_member",
    }
    takes = {"partial_update": inputs.ChangeMember}
    gives = dict.fromkeys(names, shapes.Member)
    table = Membership
    guarded = {"partial_update": Match.NEEDED, "deactivation": Match.HEEDED, "reactivation": Match.HEEDED}
    filters = {
        "list": [
            Filter("role", fields.OneOf(Role.values), "Only members with this role."),
            filters.of("team", ids.TEAM, lambda: Team.objects.all(), "Only members of this team itself."),
            Filter("is_active", filters.Flag(), "false: only those who were deactivated."),
            Filter("is_placeholder", filters.Flag(), "true: only those whom an import named and who cannot sign in."),
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

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Change a member's role, team or name.

        Nobody changes a member above them or gives a role above their own (403 `out_of_reach`), and an organisation
        keeps an owner (409 `last_owner`).
        """
        member, wanted, at = self._member(id), self.read(request), timezone.now()
        if "name" in wanted:
            services.rename_member(member=member, name=wanted["name"], actor=request.user, at=at)
        if "team_id" in wanted:
            services.put_in_team(member=member, team=wanted["team_id"], actor=request.user, at=at)
        if "role" in wanted:
            services.change_role(member=member, to=wanted["role"], actor=request.user, at=at)
        return self._answer(member)

    @action(detail=True, methods=["post"])
    @idempotent
    def deactivation(self, request: TokenRequest, id: str) -> Response:
        """Deactivate a member.

        Their sessions and tokens open nothing from now on, and their open invitations end. Their deals stay theirs.
        """
        member = self._member(id)
        services.deactivate_member(member=member, actor=request.user, at=timezone.now())
        return self._answer(member)

    @action(detail=True, methods=["post"])
    @idempotent
    def reactivation(self, request: TokenRequest, id: str) -> Response:
        """Reactivate a member.

        They have the role they had. Their tokens stay revoked.
        """
        member = self._member(id)
        services.reactivate_member(member=member, actor=request.user, at=timezone.now())
        return self._answer(member)

    def _member(self, text: str) -> Membership:
        try:
            return people.member(self.key(text))
        except Membership.DoesNotExist as error:
            raise NotThere from error

    def _answer(self, member: Membership) -> Response:
        return Response(shapes.member(MEMBERS.one(member.pk)))


class Teams(Resource):
    """People who sell together."""

    kind = ids.TEAM
    access = {
        "list": "team.see",
        "retrieve": "team.see",
        "create": "team.edit",
        "partial_update": "team.edit",
        "destroy": "team.edit",
    }
    names = {
        "list": "list_teams",
        "retrieve": "get_team",
        "create": "create_team",
        "partial_update": "change_team",
        "destroy": "remove_team",
    }
    takes = {"create": inputs.AddTeam, "partial_update": inputs.ChangeTeam}
    gives = dict.fromkeys(("list", "retrieve", "create", "partial_update"), shapes.Team)
    table = Team
    guarded = {"partial_update": Match.NEEDED, "destroy": Match.HEEDED}
    filters = {
        "list": [
            filters.of("parent", ids.TEAM, lambda: Team.objects.all(), "Only teams right below this one."),
            filters.of("manager", ids.MEMBER, lambda: Membership.objects.all(), "Only teams of this manager."),
        ]
    }

    def list(self, request: TokenRequest) -> Response:
        """List the teams, the oldest first."""
        return self.page(TEAMS, shapes.team)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one team."""
        return Response(shapes.team(self.shown(TEAMS, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Add a team.

        No two have names that read the same (409 `team_name_taken`).
        """
        team = services.add_team(actor=request.user, at=timezone.now(), **self.read(request))
        answer = shapes.team(TEAMS.one(team.pk))
        return created(answer, f"/api/v1/teams/{answer['id']}")

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Rename a team, move it with all below it, or give it another manager.

        A team never stands below itself (409 `team_below_itself`).
        """
        team, wanted, at = self._team(id), self.read(request), timezone.now()
        if "name" in wanted:
            services.rename_team(team=team, name=wanted["name"], actor=request.user, at=at)
        if "parent" in wanted:
            services.move_team(team=team, below=wanted["parent"], actor=request.user, at=at)
        if "manager" in wanted:
            services.set_manager(team=team, to=wanted["manager"], actor=request.user, at=at)
        return Response(shapes.team(TEAMS.one(team.pk)))

    def destroy(self, request: TokenRequest, id: str) -> Response:
        """Remove a team.

        Only one without members and without teams below it (409 `team_in_use`).
        """
        services.remove_team(team=self._team(id), actor=request.user, at=timezone.now())
        return Response(status=204)

    def _team(self, text: str) -> Team:
        found = Team.objects.filter(pk=self.key(text)).first()
        if found is None:
            raise NotThere
        return found


class Invitations(Resource):
    """Offers of a place in the organisation."""

    kind = ids.INVITATION
    access = dict.fromkeys(("list", "retrieve", "create", "destroy"), "member.invite")
    names = {
        "list": "list_invitations",
        "retrieve": "get_invitation",
        "create": "create_invitation",
        "destroy": "revoke_invitation",
    }
    takes = {"create": inputs.Invite}
    gives = dict.fromkeys(("list", "retrieve", "create"), shapes.Invitation)
    table = Invitation
    guarded = {"destroy": Match.HEEDED}
    filters = {
        "list": [
            Filter("state", fields.OneOf(shapes.INVITATION_STATES), "Only invitations that stand like this."),
            Filter("email", fields.Text(longest=254), "Only invitations to this address, in small letters."),
            filters.of("team", ids.TEAM, lambda: Team.objects.all(), "Only invitations into this team."),
        ]
    }

    def list(self, request: TokenRequest) -> Response:
        """List the invitations, the newest first."""
        return self.page(INVITATIONS, shapes.invitation)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one invitation."""
        return Response(shapes.invitation(self.shown(INVITATIONS, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Invite somebody.

        They get a letter with a link that opens once and ends after 14 days. A manager invites reps and viewers, into
        teams below them, and names no `member`: that is for owners and leaders. 409 `already_member`,
        `member_deactivated` and `already_invited` say what stands against it.
        """
        wanted = self.read(request)
        wanted["placeholder"] = wanted.pop("member", None)
        made = services.invite(actor=request.user, at=timezone.now(), **wanted)
        answer = shapes.invitation(INVITATIONS.one(made.pk))
        return created(answer, f"/api/v1/invitations/{answer['id']}")

    def destroy(self, request: TokenRequest, id: str) -> Response:
        """Take an invitation back.

        The link in its letter opens nothing from now on. Doing it again changes nothing.
        """
        found = Invitation.objects.select_related("team").filter(pk=self.key(id)).first()
        if found is None:
            raise NotThere
        services.revoke_invitation(invitation=found, actor=request.user, at=timezone.now())
        return Response(status=204)
