"""The page behind a customer's link, in a browser: it tells that it was looked at, and is answered without script."""

from __future__ import annotations

from django.utils import timezone

from accounts.models import Membership
from accounts.tenancy.scope import tenant_scope
from outcomes import services
from outcomes.models import Confirmation, ConfirmationAnswer, MilestoneType
from strategy.models import Deal
from tests.frontend.browser.conftest import Open
from tests.frontend.browser.look import Look, overhang, violations


def test_ingrid_is_asked_on_her_phone(opened: Open, story: Deal, lena: Membership) -> None:
    with tenant_scope(lena.tenant_id):
        kind = MilestoneType.objects.order_by("position")[0]
        asked = services.ask(
            actor=lena, deal=story, type=kind, name="Ingrid Falk", channel="link", at=timezone.now(), language="de"
        )
    url = f"/c/{asked.secret}/"
    page = opened(None, Look(390))
    with page.expect_response(lambda answer: answer.request.method == "POST") as told:
        page.goto(url)
    assert told.value.status == 204
    assert violations(page) == []
    assert overhang(page) == 0
    assert page.said == []  # type: ignore[attr-defined]
    assert page.context.cookies() == []
    without = opened(None, Look(320), java_script_enabled=False)
    without.goto(url)
    without.get_by_role("button", name="Fast, ich berichtige es").click()
    without.get_by_label("Wie müsste es heißen?").fill("Weniger Leckage, bis 2029")
    without.get_by_role("button", name="Jetzt stimmt es").click()
    assert "Weniger Leckage, bis 2029" in without.inner_text("blockquote")
    with tenant_scope(lena.tenant_id):
        assert ConfirmationAnswer.objects.get().words == "Weniger Leckage, bis 2029"
        assert Confirmation.objects.get().opened_at is not None
