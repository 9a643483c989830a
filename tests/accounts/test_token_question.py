"""The question that is asked with every request of a program."""

from __future__ import annotations

from uuid import uuid4

import pytest

from accounts import queries
from accounts.models import ApiToken, Membership
from accounts.tenancy.scope import tenant_scope
from tests.api import make_secret


def facts(row: object) -> dict[str, object]:
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}


def test_finds_the_same_rows_as_the_models_would(lena: Membership, django_assert_num_queries: object) -> None:
    make_secret(lena)
    with tenant_scope(lena.tenant_id):
        expected = ApiToken.objects.select_related("membership__tenant").get()
        found = queries.token(expected.pk)
        with django_assert_num_queries(0):  # type: ignore[operator]
            assert facts(found) == facts(expected)
            assert facts(found.membership) == facts(expected.membership)
            assert facts(found.membership.tenant) == facts(expected.membership.tenant)
            assert found.tenant is found.membership.tenant


def test_finds_nothing_of_another_organisation_and_of_a_member_who_left(lena: Membership, eve: Membership) -> None:
    make_secret(lena)
    with tenant_scope(lena.tenant_id):
        key = ApiToken.objects.get().pk
    with tenant_scope(eve.tenant_id), pytest.raises(ApiToken.DoesNotExist):
        queries.token(key)
    with tenant_scope(lena.tenant_id):
        with pytest.raises(ApiToken.DoesNotExist):
            queries.token(uuid4())
        Membership.objects.filter(pk=lena.pk).update(is_active=False)
        with pytest.raises(ApiToken.DoesNotExist):
            queries.token(key)
