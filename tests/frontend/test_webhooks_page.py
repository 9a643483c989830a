"""Settings, Webhooks: a secret shown once, what was sent, and what can be done about it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import tasks
from accounts.integrations import webhooks
from accounts.models import Membership, Webhook
from accounts.models.organisation import Role
from accounts.tenancy.scope import tenant_scope
from strategy.models import Company
from tests.make import make_member
from tests.receivers import receiving

PAGE = "/o/northwind/settings/webhooks/"


def test_lena_adds_one_sees_its_secret_once_and_has_an_event_sent_again(
    as_lena: Client, lena: Membership, settings: Any
) -> None:
    settings.OUTBOUND_NETWORKS = ["127.0.0.0/8"]
    assert "No webhooks yet" in as_lena.get(PAGE).content.decode()
    with receiving() as receiver:
        made = as_lena.post(PAGE, {"url": receiver.url, "types": ["company.created"]}).content.decode()
        assert "whsec_" in made
        assert "whsec_" not in as_lena.get(PAGE).content.decode()
        with tenant_scope(lena.tenant_id):
            Company.objects.create(name="Alder Foods")
            hook = Webhook.objects.get()
        tasks.relay_events.apply(headers={"tenant_id": lena.tenant_id}, throw=True)
        webhooks.deliver(clock=timezone.now)
        with tenant_scope(lena.tenant_id):
            sent = hook.deliveries.get()
        here = f"{PAGE}{hook.pk}/"
        assert "company.created" in as_lena.get(here).content.decode()
        assert as_lena.post(f"{here}again/{sent.pk}/").status_code == 303
        webhooks.deliver(clock=timezone.now)
        assert len(receiver.got) == 2
    assert "whsec_" in as_lena.post(f"{here}secret/").content.decode()
    assert "On, kept by Lena" in as_lena.get(here).content.decode()
    assert as_lena.post(f"{here}switch/").status_code == 303
    assert as_lena.post(f"{here}test/").status_code == 422
    with tenant_scope(lena.tenant_id):
        leo = make_member("leo", tenant=lena.tenant, role=Role.LEADER)
        Webhook.objects.update(kept_by=leo, ended=Webhook.Ended.KEEPER)
    assert "Take it over and switch it on" in as_lena.get(here).content.decode()
    assert as_lena.post(f"{here}remove/").status_code == 303


@pytest.mark.parametrize("url", ["", "https://10.0.0.1/", "nonsense", "https://8.8.8.8/\0", "x" * 600])
def test_an_address_that_will_not_do_is_told_at_its_field(as_lena: Client, url: str) -> None:
    answer = as_lena.post(PAGE, {"url": url})
    assert answer.status_code == 422
    assert "Error:" in answer.content.decode()


def test_a_rep_has_no_such_page(as_omar: Client) -> None:
    assert as_omar.get(PAGE).status_code == 403
