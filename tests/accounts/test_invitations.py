"""Lena invites people: who may invite whom, what the letter's secret opens, and what ends it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import people, queries, services
from accounts.models import AuditEvent, Invitation, Letter, Membership, Team, Tenant, User
from accounts.models.organisation import Role
from accounts.permissions import NotAllowed
from accounts.refusals import Invalid, Refused
from accounts.services.invitations import LIFETIME
from accounts.services.refusals import (
    AlreadyInvited,
    AlreadyMember,
    AlreadySignedUp,
    InvitationForAnother,
    InvitationOver,
    MemberDeactivated,
    OutOfReach,
    TooManyInvitations,
)
from accounts.tenancy.scope import tenant_scope
from tests.accounts.letters import last_secret, letters_to
from tests.make import make_member, make_user

PASSWORD = "four plain words here"


@pytest.fixture
def invite(lena: Membership) -> Callable[..., Invitation]:
    """Invites somebody at Northwind; Lena does unless somebody else is named."""

    def sent(email: str = "nora@example.com", *, by: Membership = lena, **facts: Any) -> Invitation:
        with tenant_scope(by.tenant_id):
            facts = {"role": Role.REP, "at": timezone.now(), **facts}
            return services.invite(actor=by, email=email, **facts)

    return sent


def accept(email: str, secret: str = "") -> Membership:
    person = User.objects.filter(email=email).first() or make_user(email.partition("@")[0])
    return services.accept_invitation(secret=secret or last_secret(email), person=person, at=timezone.now())


class TestTheLetter:
    def test_says_who_invites_into_what_and_has_the_secret(self, invite: Any) -> None:
        invite("Nora@Example.com ")
        (letter,) = letters_to("nora@example.com")
        assert letter.subject == "Lena invites you to Northwind"
        assert "Your role there: Rep." in letter.body
        assert "/invitations/" in letter.body

    def test_says_names_as_they_are_written(self, invite: Any, lena: Membership) -> None:
        Tenant.objects.filter(pk=lena.tenant_id).update(name='Nord & Söhne "<b>"')
        lena.tenant.refresh_from_db()
        invite()
        assert 'Nord & Söhne "<b>"' in letters_to("nora@example.com")[0].body

    def test_has_a_secret_that_is_stored_nowhere(self, invite: Any, lena: Membership) -> None:
        invitation = invite()
        secret = last_secret("nora@example.com")
        assert len(secret) == 43
        with tenant_scope(lena.tenant_id):
            stored = [
                str(bytes(value) if isinstance(value, memoryview) else value) for value in vars(invitation).values()
            ]
            stored += [str(vars(event)) for event in AuditEvent.objects.all()]
        assert not any(secret in text for text in stored)
        assert not any(secret.encode() in bytes(letter.sealed) for letter in Letter.objects.all())


class TestTaking:
    def test_makes_the_person_a_member_once(self, invite: Any, lena: Membership) -> None:
        with tenant_scope(lena.tenant_id):
            nordics = Team.objects.create(name="Nordics")
        invite(role=Role.MANAGER, team=nordics)
        secret = last_secret("nora@example.com")
        nora = accept("nora@example.com")
        with tenant_scope(lena.tenant_id):
            member = Membership.objects.get(pk=nora.pk)
            assert (member.role, member.team, member.email) == (Role.MANAGER, nordics, "nora@example.com")
            assert AuditEvent.objects.filter(verb="invitation.accepted", actor=member).count() == 1
        with pytest.raises(InvitationOver):
            accept("nora@example.com", secret)

    def test_is_for_the_address_alone(self, invite: Any) -> None:
        invite()
        with pytest.raises(InvitationForAnother):
            accept("karl@example.com", last_secret("nora@example.com"))

    def test_opens_nothing_after_14_days(self, invite: Any) -> None:
        invite(at=timezone.now() - LIFETIME - timedelta(seconds=1))
        with pytest.raises(InvitationOver):
            accept("nora@example.com")

    def test_opens_nothing_once_taken_back(self, invite: Any, lena: Membership) -> None:
        invitation = invite()
        with tenant_scope(lena.tenant_id):
            services.revoke_invitation(invitation=invitation, actor=lena, at=timezone.now())
        with pytest.raises(InvitationOver):
            accept("nora@example.com")

    def test_the_earlier_letter_opens_nothing_once_it_was_sent_again(self, invite: Any, lena: Membership) -> None:
        invitation = invite(at=timezone.now() - timedelta(days=13))
        first = last_secret("nora@example.com")
        with tenant_scope(lena.tenant_id):
            services.resend_invitation(invitation=invitation, actor=lena, at=timezone.now())
        with pytest.raises(InvitationOver):
            accept("nora@example.com", first)
        assert accept("nora@example.com").role == Role.REP
        assert invitation.expires_at > timezone.now() + timedelta(days=13)

    @pytest.mark.parametrize("secret", ["", "x", "x" * 43, "é" * 43, "a\0b", "x" * 5000, "\ud800" * 43])
    def test_a_secret_of_nothing_opens_nothing(self, db: None, secret: str) -> None:
        assert people.invitation_behind(secret) is None

    def test_somebody_of_another_organisation_keeps_their_place_there(self, invite: Any, eve: Membership) -> None:
        invite("eve@example.com", role=Role.VIEWER)
        accept("eve@example.com")
        assert {place.slug for place in queries.places_of(eve.user)} == {
            "northwind",
            "southwind",
        }
        with tenant_scope(eve.tenant_id):
            assert Membership.objects.get(pk=eve.pk).role == Role.OWNER

    def test_of_a_placeholder_makes_the_person_that_member(self, invite: Any, lena: Membership) -> None:
        with tenant_scope(lena.tenant_id):
            placeholder = Membership.objects.create(name="Nora N.", source="crm", external_id="7")
        invite(placeholder=placeholder)
        assert accept("nora@example.com").pk == placeholder.pk
        with tenant_scope(lena.tenant_id):
            member = Membership.objects.get(pk=placeholder.pk)
            assert (member.name, member.email, member.external_id) == ("Nora", "nora@example.com", "7")

    def test_does_not_bring_back_somebody_who_was_deactivated_meanwhile(self, invite: Any, lena: Membership) -> None:
        invite()
        with tenant_scope(lena.tenant_id):
            Membership.objects.create(user=make_user("nora"), name="Nora", is_active=False)
        with pytest.raises(MemberDeactivated):
            accept("nora@example.com")


class TestANewAccount:
    def test_joins_with_its_own_name_and_password(self, invite: Any) -> None:
        invite()
        secret = last_secret("nora@example.com")
        person = services.join_with_new_account(secret=secret, name="Nora", password=PASSWORD, at=timezone.now())
        assert (person.email, person.name, person.check_password(PASSWORD)) == ("nora@example.com", "Nora", True)

    def test_is_not_made_where_the_address_has_one(self, invite: Any) -> None:
        make_user("nora")
        invite()
        secret = last_secret("nora@example.com")
        with pytest.raises(AlreadySignedUp):
            services.join_with_new_account(secret=secret, name="Nora", password=PASSWORD, at=timezone.now())

    def test_is_not_made_for_a_name_that_cannot_be_seen(self, invite: Any) -> None:
        invite()
        secret = last_secret("nora@example.com")
        with pytest.raises(Invalid):
            services.join_with_new_account(secret=secret, name="\u202eNora", password=PASSWORD, at=timezone.now())
        assert not User.objects.filter(email="nora@example.com").exists()


class TestWhoMayInvite:
    @pytest.mark.parametrize(
        ("inviter", "roles"),
        [
            (Role.OWNER, [*Role]),
            (Role.LEADER, [Role.LEADER, Role.MANAGER, Role.REP, Role.VIEWER]),
            (Role.MANAGER, [Role.REP, Role.VIEWER]),
            (Role.REP, []),
            (Role.VIEWER, []),
        ],
    )
    def test_nobody_gives_more_than_they_have(
        self, invite: Any, northwind: Tenant, inviter: Role, roles: list[Role]
    ) -> None:
        ines = make_member("ines", tenant=northwind, role=inviter)
        with tenant_scope(northwind.pk):
            team = Team.objects.create(name="Iberia", manager=ines)
        sent = []
        for role in Role:
            try:
                invite(f"{role}@example.com", by=ines, role=role, team=team)
                sent.append(role)
            except (OutOfReach, NotAllowed):
                assert letters_to(f"{role}@example.com") == []
        assert sent == roles

    def test_mara_invites_into_her_teams_alone(self, invite: Any, mara: Membership) -> None:
        with tenant_scope(mara.tenant_id):
            europe = Team.objects.create(name="Europe", manager=mara)
            oslo = Team.objects.create(name="Oslo", parent=europe)
            asia = Team.objects.create(name="Asia")
        assert invite(by=mara, team=oslo).team == oslo
        for team in (asia, None):
            with pytest.raises(Invalid):
                invite("karl@example.com", by=mara, team=team)

    def test_what_somebody_invited_for_ends_when_they_may_no_longer(
        self, invite: Any, lena: Membership, leo: Membership
    ) -> None:
        invite("nora@example.com", by=leo, role=Role.LEADER)
        invite("karl@example.com", by=leo, role=Role.REP)
        with tenant_scope(lena.tenant_id):
            services.change_role(member=leo, to=Role.MANAGER, actor=lena, at=timezone.now())
        with pytest.raises(InvitationOver):
            accept("nora@example.com")
        accept("karl@example.com")

    def test_what_somebody_invited_for_ends_when_they_are_deactivated(
        self, invite: Any, lena: Membership, leo: Membership
    ) -> None:
        invite(by=leo)
        with tenant_scope(lena.tenant_id):
            services.deactivate_member(member=leo, actor=lena, at=timezone.now())
        with pytest.raises(InvitationOver):
            accept("nora@example.com")


class TestWhatStandsAgainstIt:
    @pytest.mark.parametrize(
        "email",
        [
            "",
            "nora",
            "nora@",
            "@example.com",
            "a b@example.com",
            "nora@exa\nmple.com",
            "x" * 250 + "@example.com",
            "\0",
        ],
    )
    def test_an_address_of_nothing(self, invite: Any, email: str) -> None:
        with pytest.raises(Invalid) as told:
            invite(email)
        assert "email" in told.value.fields

    def test_a_member_whatever_the_case_of_the_address(self, invite: Any, omar: Membership) -> None:
        with pytest.raises(AlreadyMember):
            invite("OMAR@Example.COM")

    def test_a_member_who_was_deactivated(self, invite: Any, omar: Membership) -> None:
        with tenant_scope(omar.tenant_id):
            Membership.objects.filter(pk=omar.pk).update(is_active=False)
        with pytest.raises(MemberDeactivated):
            invite("omar@example.com")

    def test_an_open_invitation(self, invite: Any) -> None:
        invite()
        with pytest.raises(AlreadyInvited):
            invite("NORA@example.com")

    def test_one_that_has_ended_by_itself_makes_way(self, invite: Any) -> None:
        invite(at=timezone.now() - LIFETIME - timedelta(days=1))
        invite()
        assert accept("nora@example.com").name == "Nora"

    def test_an_organisation_has_so_many_open_ones(self, invite: Any, settings: Any) -> None:
        settings.INVITATIONS_MOST_OPEN = 2
        for name in ("nora", "karl"):
            invite(f"{name}@example.com")
        with pytest.raises(TooManyInvitations):
            invite("ines@example.com")

    def test_an_organisation_sends_so_many_letters_a_day(self, invite: Any, settings: Any, lena: Membership) -> None:
        settings.INVITATION_LETTERS_A_DAY = 2
        invitation = invite(at=timezone.now() - timedelta(days=1, minutes=1))
        with tenant_scope(lena.tenant_id):
            for _time in range(2):
                services.resend_invitation(invitation=invitation, actor=lena, at=timezone.now())
            with pytest.raises(TooManyInvitations):
                services.resend_invitation(invitation=invitation, actor=lena, at=timezone.now())
        with pytest.raises(TooManyInvitations):
            invite("karl@example.com")

    def test_eves_organisation_counts_for_itself(self, invite: Any, settings: Any, eve: Membership) -> None:
        settings.INVITATIONS_MOST_OPEN = settings.INVITATION_LETTERS_A_DAY = 1
        invite()
        invite("nora@example.com", by=eve)
        assert len(letters_to("nora@example.com")) == 2


def test_vera_takes_nothing_back(invite: Any, vera: Membership) -> None:
    invitation = invite()
    with tenant_scope(vera.tenant_id), pytest.raises(Refused):
        services.revoke_invitation(invitation=invitation, actor=vera, at=timezone.now())
