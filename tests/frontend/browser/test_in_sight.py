"""The pages of somebody who sees some people's deals."""

from __future__ import annotations

import pytest

from accounts.tenancy.scope import tenant_scope
from strategy.models import Deal
from tests.frontend.browser.conftest import Open
from tests.frontend.browser.look import Look, overhang, violations
from tests.teams import Cast, let_see


@pytest.mark.parametrize(
    ("name", "said", "look"),
    [
        ("omar", "Your own deals.", Look(320, "dark")),
        ("nina", "Team North: 2 people.", Look(1440)),
    ],
    ids=str,
)
def test_says_whose_figures_they_are(opened: Open, story: Deal, cast: Cast, name: str, said: str, look: Look) -> None:
    let_see(cast.lena.tenant, "own")
    with tenant_scope(cast.lena.tenant_id):
        Deal.objects.exclude(pk=story.pk).update(owner=cast.omar)
    page = opened(cast.person(name), look)
    for address in ("execution/", "execution/deals/?rows=closed", "deals/"):
        page.goto(f"/o/northwind/{address}")
        if address != "deals/":
            assert said in page.inner_text("main")
        assert violations(page) == []
        assert overhang(page) <= 0
    assert page.said == []  # type: ignore[attr-defined]
