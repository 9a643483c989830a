"""Which teams are below which, and whom a manager therefore sees."""

from __future__ import annotations

import pytest

from accounts.models import Membership, Team, Tenant
from accounts.teams import members_below, teams_below, teams_managed_by, tree

pytestmark = pytest.mark.usefixtures("inside_northwind")


@pytest.fixture
def europe(northwind: Tenant, mara: Membership) -> Team:
    return Team.objects.create(name="Europe", manager=mara)


@pytest.fixture
def nordics(europe: Team) -> Team:
    return Team.objects.create(name="Nordics", parent=europe)


@pytest.fixture
def oslo(nordics: Team) -> Team:
    return Team.objects.create(name="Oslo", parent=nordics)


def test_mara_manages_her_team_and_what_is_below_it(mara: Membership, europe: Team, nordics: Team, oslo: Team) -> None:
    Team.objects.create(name="Asia")
    assert teams_managed_by(mara) == {europe.pk, nordics.pk, oslo.pk}


def test_omar_manages_none(omar: Membership, europe: Team) -> None:
    assert teams_managed_by(omar) == frozenset()
    assert members_below(omar) == {omar.pk}


def test_mara_sees_who_is_in_the_teams_below_her(
    mara: Membership, omar: Membership, leo: Membership, oslo: Team
) -> None:
    Membership.objects.filter(pk=omar.pk).update(team=oslo)
    assert members_below(mara) == {mara.pk, omar.pk}


def test_a_team_is_below_itself(nordics: Team, oslo: Team) -> None:
    assert teams_below([nordics.pk]) == {nordics.pk, oslo.pk}
    assert teams_below([]) == frozenset()


def test_a_circle_has_an_end(europe: Team, nordics: Team, oslo: Team) -> None:
    Team.objects.filter(pk=europe.pk).update(parent=oslo)
    assert teams_below([nordics.pk]) == {europe.pk, nordics.pk, oslo.pk}


def test_teams_stand_under_the_one_they_are_below_by_name(omar: Membership, oslo: Team, europe: Team) -> None:
    Team.objects.create(name="asia")
    Team.objects.create(name="Benelux", parent=europe)
    Membership.objects.filter(pk=omar.pk).update(team=oslo)
    shown = [(branch.team.name, branch.depth, branch.members) for branch in tree()]
    assert shown == [("asia", 0, 0), ("Europe", 0, 0), ("Benelux", 1, 0), ("Nordics", 1, 0), ("Oslo", 2, 1)]
