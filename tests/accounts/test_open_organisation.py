"""Founding an organisation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from accounts.models import AuditEvent, Membership, Tenant, User
from accounts.models.organisation import Role
from accounts.refusals import Invalid
from accounts.services import AddressTaken, open_organisation
from accounts.tenancy.scope import tenant_scope
from activities.models import ActivityType
from outcomes.models import MilestoneType
from strategy.models import Stage
from tests.make import NOON, make_user


def test_gives_the_founder_an_organisation_that_can_be_used_at_once(lena: Membership) -> None:
    assert (lena.role, lena.tenant.slug) == (Role.OWNER, "northwind")
    with tenant_scope(lena.tenant_id):
        assert Stage.objects.count() == 8
        assert ActivityType.objects.count() == 6
        assert [kind.position for kind in MilestoneType.objects.all()] == [1, 2, 3, 4]
        assert AuditEvent.objects.get().verb == "organisation.opened"


def test_numbers_an_address_that_is_taken(lena: Membership) -> None:
    assert open_organisation(owner=make_user("nora"), name="Northwind", at=NOON).tenant.slug == "northwind-2"


def test_keeps_a_reserved_word_out_of_the_address(db: None) -> None:
    assert open_organisation(owner=make_user("ada"), name="Admin", at=NOON).tenant.slug == "admin-sales"


def test_gives_a_name_without_latin_letters_an_address(db: None) -> None:
    assert open_organisation(owner=make_user("yuki"), name="北風", at=NOON).tenant.slug == "sellers"


@pytest.mark.parametrize("slug", ["api", "Upper", "a--b", "-a", "a b", "x" * 41])
def test_refuses_an_address_that_cannot_be_one(db: None, slug: str) -> None:
    with pytest.raises(Invalid) as refusal:
        open_organisation(owner=make_user("ada"), name="Ada", slug=slug, at=NOON)
    assert "slug" in refusal.value.fields
    assert not Tenant.objects.exists()


@pytest.mark.parametrize("name", [" ", "\u200b", "North\0wind", "\u202edniwhtroN", "x" * 121])
def test_refuses_a_name_that_people_could_not_read(db: None, name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        open_organisation(owner=make_user("ada"), name=name, at=NOON)
    assert "name" in refusal.value.fields
    assert not Tenant.objects.exists()


def test_tells_the_second_who_wants_the_same_address(lena: Membership) -> None:
    with pytest.raises(AddressTaken):
        open_organisation(owner=make_user("nora"), name="Other", slug="northwind", at=NOON)


@pytest.mark.django_db(transaction=True)
def test_people_who_choose_one_name_at_the_same_moment_get_an_address_each() -> None:
    people = [make_user(name) for name in ("ada", "nora", "yuki")]

    def found(owner: User) -> str:
        try:
            return open_organisation(owner=owner, name="Rowers", at=NOON).tenant.slug
        finally:
            connection.close()

    with ThreadPoolExecutor(len(people)) as crowd:
        assert sorted(crowd.map(found, people)) == ["rowers", "rowers-2", "rowers-3"]
