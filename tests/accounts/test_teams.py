"""Teams: their names, their tree without circles, their managers, and their end."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import services
from accounts.models import AuditEvent, Membership, Team
from accounts.permissions import NotAllowed
from accounts.refusals import Invalid
from accounts.services.refusals import MemberIsOver, TeamBelowItself, TeamInUse, TeamNameTaken
from accounts.teams import teams_below
from accounts.tenancy.scope import tenant_scope
from tests.accounts.test_members import at_once
from tests.make import NOON


@pytest.fixture
def europe(lena: Membership) -> Team:
    with tenant_scope(lena.tenant_id):
        return services.add_team(name="Europe", actor=lena, at=NOON)


@pytest.fixture
def asia(lena: Membership) -> Team:
    with tenant_scope(lena.tenant_id):
        return services.add_team(name="Asia", actor=lena, at=NOON)


@pytest.mark.parametrize(
    "name", ["Europe", "EUROPE", " europe ", "Ｅurope", "Eu\u200brope", "", "x" * 121, "\u202eeporuE"]
)
def test_no_two_have_a_name_that_reads_the_same(lena: Membership, europe: Team, name: str) -> None:
    with tenant_scope(lena.tenant_id):
        with pytest.raises((TeamNameTaken, Invalid)):
            services.add_team(name=name, actor=lena, at=NOON)
        assert Team.objects.count() == 1


def test_a_team_keeps_its_own_name_in_another_case(lena: Membership, europe: Team) -> None:
    with tenant_scope(lena.tenant_id):
        services.rename_team(team=europe, name="EUROPE", actor=lena, at=NOON)
        assert Team.objects.get().name == "EUROPE"


def test_eves_teams_may_be_called_the_same(lena: Membership, europe: Team, eve: Membership) -> None:
    with tenant_scope(eve.tenant_id):
        assert services.add_team(name="Europe", actor=eve, at=NOON).name == "Europe"


def test_a_team_moves_with_what_is_below_it_and_never_below_itself(lena: Membership, europe: Team, asia: Team) -> None:
    with tenant_scope(lena.tenant_id):
        oslo = services.add_team(name="Oslo", parent=europe, actor=lena, at=NOON)
        for below in (europe, oslo):
            with pytest.raises(TeamBelowItself):
                services.move_team(team=europe, below=below, actor=lena, at=NOON)
        services.move_team(team=europe, below=asia, actor=lena, at=NOON)
        assert teams_below([asia.pk]) == {asia.pk, europe.pk, oslo.pk}
        services.move_team(team=europe, below=None, actor=lena, at=NOON)
        assert teams_below([asia.pk]) == {asia.pk}


@pytest.mark.django_db(transaction=True)
def test_two_teams_that_move_below_each_other_at_once_make_no_circle(
    lena: Membership, europe: Team, asia: Team
) -> None:
    def move(pk: Any, below: Any) -> None:
        with tenant_scope(lena.tenant_id):
            actor = Membership.objects.get(pk=lena.pk)
            team, to = Team.objects.get(pk=pk), Team.objects.get(pk=below)
            services.move_team(team=team, below=to, actor=actor, at=NOON)

    told = at_once(lambda: move(europe.pk, asia.pk), lambda: move(asia.pk, europe.pk))
    assert [type(one) for one in told if one is not None] == [TeamBelowItself]
    with tenant_scope(lena.tenant_id):
        assert Team.objects.filter(parent=None).count() == 1


def test_a_tree_has_an_end(lena: Membership, europe: Team, asia: Team) -> None:
    with tenant_scope(lena.tenant_id):
        lowest = europe
        for level in range(11):
            lowest = services.add_team(name=f"Level {level}", parent=lowest, actor=lena, at=NOON)
        with pytest.raises(Invalid):
            services.add_team(name="Too deep", parent=lowest, actor=lena, at=NOON)
        with pytest.raises(Invalid):
            services.move_team(team=europe, below=asia, actor=lena, at=NOON)


def test_a_manager_is_somebody_who_is_here(lena: Membership, europe: Team, mara: Membership) -> None:
    with tenant_scope(lena.tenant_id):
        services.set_manager(team=europe, to=mara, actor=lena, at=NOON)
        assert Team.objects.get().manager == mara
        Membership.objects.filter(pk=mara.pk).update(is_active=False)
        mara.refresh_from_db()
        services.set_manager(team=europe, to=None, actor=lena, at=NOON)
        with pytest.raises(MemberIsOver):
            services.set_manager(team=europe, to=mara, actor=lena, at=NOON)


def test_only_an_empty_team_is_removed(lena: Membership, omar: Membership, europe: Team) -> None:
    with tenant_scope(lena.tenant_id):
        oslo = services.add_team(name="Oslo", parent=europe, actor=lena, at=NOON)
        services.put_in_team(member=omar, team=oslo, actor=lena, at=NOON)
        for team in (europe, oslo):
            with pytest.raises(TeamInUse):
                services.remove_team(team=team, actor=lena, at=NOON)
        services.put_in_team(member=omar, team=None, actor=lena, at=NOON)
        services.remove_team(team=oslo, actor=lena, at=NOON)
        services.remove_team(team=europe, actor=lena, at=NOON)
        assert not Team.objects.exists()
        assert AuditEvent.objects.filter(verb="team.removed").count() == 2


def test_mara_changes_no_team(mara: Membership, europe: Team) -> None:
    with tenant_scope(mara.tenant_id):
        for deed in (
            lambda: services.add_team(name="Mine", actor=mara, at=NOON),
            lambda: services.rename_team(team=europe, name="Mine", actor=mara, at=NOON),
            lambda: services.move_team(team=europe, below=None, actor=mara, at=NOON),
            lambda: services.set_manager(team=europe, to=mara, actor=mara, at=NOON),
            lambda: services.remove_team(team=europe, actor=mara, at=NOON),
        ):
            with pytest.raises(NotAllowed):
                deed()
