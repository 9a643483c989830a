"""What one organisation imports is nothing to another."""

from __future__ import annotations

import pytest

from accounts.models import Membership
from accounts.tenancy.scope import tenant_scope
from strategy.models import Company, Deal
from tests.strategy import maven


@pytest.mark.django_db(transaction=True)
def test_gives_nothing_of_one_organisation_to_the_other(lena: Membership, eve: Membership, uploads_aside: None) -> None:
    for member in (lena, eve):
        with tenant_scope(member.tenant_id):
            maven.import_all(maven.FILES, actor=member)
    for member in (lena, eve):
        with tenant_scope(member.tenant_id):
            assert Deal.objects.count() == 4
            assert Company.objects.count() == 2
            assert set(Deal.objects.values_list("owner__tenant_id", flat=True)) == {member.tenant_id}
