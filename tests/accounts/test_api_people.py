"""Members, teams and invitations, as programs see and change them."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.api import ids
from accounts.models import AuditEvent, Invitation, Membership, Team
from accounts.tenancy.scope import tenant_scope
from tests.accounts.letters import last_secret, letters_to
from tests.api import Program, Things, furnish, make_secret


@pytest.fixture
def things(lena: Membership) -> Things:
    return furnish(lena)


@pytest.fixture
def program(lena: Membership) -> Program:
    return Program(make_secret(lena))


def changed(program: Program, path: str, **wanted: Any) -> Any:
    return program.patch(path, wanted, If_Match="*")


class TestMembers:
    def test_get_another_role_team_and_name(self, program: Program, things: Things, omar: Membership) -> None:
        path = next(f"members/{one['id']}" for one in program.all("members") if one["name"] == "Omar")
        answer = changed(program, path, role="manager", team_id=things.team, name="Omar Said").json()
        assert (answer["role"], answer["team"], answer["team_id"], answer["name"]) == (
            "manager",
            "Nordics",
            things.team,
            "Omar Said",
        )
        assert changed(program, path, team_id=None).json()["team"] is None
        assert [one["verb"] for one in audit(omar)] == [
            "member.renamed",
            "member.moved",
            "member.role_changed",
            "member.moved",
        ]

    def test_are_not_overwritten_unseen(self, program: Program, things: Things) -> None:
        path = f"members/{things.named}"
        tag = program.get(path).headers["ETag"]
        assert program.patch(path, {"name": "First"}, If_Match=tag).status_code == 200
        assert program.patch(path, {"name": "Second"}, If_Match=tag).status_code == 412
        assert program.patch(path, {"name": "Third"}).status_code == 428

    def test_all_of_a_change_is_done_or_none(self, program: Program, things: Things) -> None:
        answer = changed(program, f"members/{things.mem}", name="Helena", role="rep")
        assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
        assert program.get(f"members/{things.mem}").json()["name"] == "Lena"

    def test_of_a_higher_role_are_out_of_reach(self, things: Things, leo: Membership) -> None:
        program = Program(make_secret(leo))
        for path, wanted in (
            (f"members/{things.mem}", {"role": "rep"}),
            (f"members/{things.named}", {"role": "owner"}),
        ):
            answer = changed(program, path, **wanted)
            assert (answer.status_code, answer.json()["code"]) == (403, "out_of_reach")

    def test_a_key_ends_with_its_member(self, program: Program, omar: Membership) -> None:
        his = Program(make_secret(omar))
        path = "members/" + his.get("me").json()["member"]["id"]
        assert program.post(f"{path}/deactivation", None).json()["is_active"] is False
        assert his.get("me").status_code == 401
        assert program.post(f"{path}/reactivation", None).json()["is_active"] is True
        assert his.get("me").status_code == 401

    def test_are_found_by_what_they_are(self, program: Program, things: Things, omar: Membership) -> None:
        with tenant_scope(omar.tenant_id):
            Membership.objects.filter(pk=omar.pk).update(team=Team.objects.get(name="Nordics"), is_active=False)

        def names(query: str) -> list[str]:
            return [one["name"] for one in program.all(f"members?{query}")]

        assert names("role=owner") == ["Lena"]
        assert names(f"team={things.team}") == ["Omar"]
        assert names("is_active=false") == ["Omar"]
        assert names("is_placeholder=true") == ["Named by an import"]

    @pytest.mark.parametrize("name", ["", " ", "x" * 121, "Le\u202ena", "Le\u200bna", "a\0b", "\ud800", 7, None])
    def test_a_name_that_cannot_be_used_is_refused(self, program: Program, things: Things, name: Any) -> None:
        answer = changed(program, f"members/{things.named}", name=name)
        assert answer.status_code in (400, 422)
        assert program.get(f"members/{things.named}").json()["name"] == "Named by an import"


class TestTeams:
    def test_are_added_moved_and_removed(self, program: Program, things: Things) -> None:
        made = program.post("teams", {"name": "Oslo", "parent": things.team, "manager": things.mem})
        assert made.status_code == 201
        path = made.headers["Location"].removeprefix("/api/v1/")
        assert made.json()["parent"] == {"id": things.team, "name": "Nordics"}
        assert changed(program, path, parent=None, name="Bergen").json()["parent"] is None
        assert program.delete(path).status_code == 204
        assert program.get(path).status_code == 404

    @pytest.mark.parametrize(
        ("wanted", "code"),
        [
            ({"parent": "{team}"}, "team_below_itself"),
            ({"name": "sALES"}, "team_name_taken"),
            ({"name": "\u202eselaS"}, "invalid"),
        ],
    )
    def test_are_not_changed_into_nonsense(
        self, program: Program, things: Things, wanted: dict[str, str], code: str
    ) -> None:
        given = {name: value.format(**things._asdict()) for name, value in wanted.items()}
        answer = changed(program, f"teams/{things.team}", **given)
        assert answer.json()["code"] == code

    def test_with_members_are_not_removed(self, program: Program, things: Things) -> None:
        changed(program, f"members/{things.mem}", team_id=things.team)
        answer = program.delete(f"teams/{things.team}")
        assert (answer.status_code, answer.json()["code"]) == (409, "team_in_use")


class TestInvitations:
    def test_write_a_letter_and_tell_no_secret(self, program: Program, things: Things) -> None:
        sent = {"email": "Nora@Example.com", "role": "manager", "team": things.team, "name": "Nora"}
        made = program.post("invitations", sent)
        assert made.status_code == 201
        assert (made.json()["email"], made.json()["state"]) == ("nora@example.com", "open")
        secret = last_secret("nora@example.com")
        path = made.headers["Location"].removeprefix("/api/v1/")
        for answer in (
            made,
            program.get(path),
            program.get("invitations"),
            program.get(f"{path}?expand=team,invited_by"),
        ):
            assert secret not in answer.content.decode()
            assert "digest" not in answer.content.decode()

    def test_sent_twice_with_a_key_are_one(self, program: Program) -> None:
        sent = {"email": "nora@example.com", "role": "rep"}
        first, again = (program.post("invitations", sent, Idempotency_Key="once") for _ in range(2))
        assert first.content == again.content
        assert len(letters_to("nora@example.com")) == 1

    def test_stand_open_revoked_accepted_or_expired(self, program: Program, things: Things, lena: Membership) -> None:
        path = f"invitations/{things.inv}"
        assert [one["id"] for one in program.all("invitations?state=open")] == [things.inv]
        assert program.delete(path).status_code == 204
        assert program.delete(path).status_code == 204
        assert program.get(path).json()["state"] == "revoked"
        with tenant_scope(lena.tenant_id):
            Invitation.objects.update(revoked_at=None, expires_at="2026-01-01T00:00:00Z")
        assert program.get(path).json()["state"] == "expired"

    def test_are_for_no_member_and_never_twice(self, program: Program, things: Things, omar: Membership) -> None:
        for email, code in (("OMAR@example.com", "already_member"), ("karl@example.com", "already_invited")):
            answer = program.post("invitations", {"email": email, "role": "rep"})
            assert (answer.status_code, answer.json()["code"]) == (409, code)

    def test_of_mara_are_for_reps_in_her_teams(self, things: Things, mara: Membership) -> None:
        with tenant_scope(mara.tenant_id):
            Team.objects.filter(name="Nordics").update(manager=mara)
        program = Program(make_secret(mara))
        for role, team, status in (("rep", things.team, 201), ("manager", things.team, 403), ("rep", things.top, 422)):
            sent = {"email": f"{role}{status}@example.com", "role": role, "team": team}
            assert program.post("invitations", sent).status_code == status

    def test_of_mara_give_nobody_the_deals_of_a_placeholder(self, things: Things, mara: Membership) -> None:
        with tenant_scope(mara.tenant_id):
            Team.objects.filter(name="Nordics").update(manager=mara)
            placeholder = Membership.objects.create(name="Nora N.", source="crm", external_id="7")
        sent = {"email": "nora@example.com", "role": "rep", "team": things.team}
        sent["member"] = ids.encode(ids.MEMBER, placeholder.pk)
        answer = Program(make_secret(mara)).post("invitations", sent)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
        assert not letters_to("nora@example.com")

    def test_of_a_leader_who_is_made_manager_end_where_they_name_a_placeholder(
        self, program: Program, things: Things, mara: Membership
    ) -> None:
        with tenant_scope(mara.tenant_id):
            Membership.objects.filter(pk=mara.pk).update(role="leader")
            placeholder = Membership.objects.create(name="Nora N.", source="crm", external_id="7")
        sent = {"email": "nora@example.com", "role": "rep", "member": ids.encode(ids.MEMBER, placeholder.pk)}
        path = Program(make_secret(mara)).post("invitations", sent).headers["Location"].removeprefix("/api/v1/")
        assert changed(program, f"members/{ids.encode(ids.MEMBER, mara.pk)}", role="manager").status_code == 200
        assert program.get(path).json()["state"] == "revoked"


def audit(member: Membership) -> list[dict[str, Any]]:
    """What is on record about a member, the oldest first."""
    with tenant_scope(member.tenant_id):
        return list(AuditEvent.objects.filter(subject_id=member.pk).order_by("at", "pk").values("verb"))
