"""Prometheus learns how much the service does and how long it takes, and never for whom."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.test import Client

from accounts.models import Membership
from accounts.signals import rows_settled
from accounts.tenancy.scope import tenant_bound, tenant_scope
from config import env, refusals
from outcomes.tasks import refresh_statistics
from tests.api import make_secret
from tests.config import slow_tasks
from tests.databases import current_name, url_of
from tests.make import make_deal
from tests.processes import answers, free_port, wait_until
from tests.servers import serving
from tests.strategy import maven
from tests.workers import working

TOKEN = "of-prometheus-and-nobody-else"


def ask(port: int, path: str, token: str = "", method: str = "GET") -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def figures(port: int) -> dict[str, float]:
    """Every figure by its name with labels."""
    status, text = ask(port, "/metrics", TOKEN)
    assert status == 200
    return {name: float(value) for name, value in re.findall(r"^(\w+(?:\{.*\})?) (\S+)$", text, re.MULTILINE)}


def test_without_a_token_there_is_no_such_page(client: Client, db: None) -> None:
    assert client.get("/metrics").status_code == 404


@pytest.mark.parametrize(
    ("token", "listen"), [("short", ""), ("", "9100"), ("", "host:port"), ("", ":9100"), ("", "127.0.0.1:70000")]
)
def test_a_token_that_can_be_guessed_and_an_address_that_is_none_are_refused(token: str, listen: str) -> None:
    with pytest.raises(env.Misconfigured, match="METRICS_"):
        refusals.refuse_unusable_metrics(token=token, listen=listen)
    refusals.refuse_unusable_metrics(token=TOKEN, listen="[::1]:9100")


def test_all_processes_are_counted_by_route_and_never_by_organisation(
    transactional_db: None, lena: Membership, eve: Membership, tmp_path: Path
) -> None:
    with tenant_scope(lena.tenant_id):
        deal = make_deal(actor=lena, name="Leak analytics")
    secret = make_secret(lena)
    with serving(url_of(current_name()), tmp_path, METRICS_TOKEN=TOKEN) as port:
        assert ask(port, "/metrics")[0] == 401
        assert ask(port, "/metrics", "wrong")[0] == 401
        assert ask(port, f"/metrics?token={TOKEN}")[0] == 401
        assert ask(port, "/metrics", TOKEN, "POST")[0] == 405
        for _ in range(20):
            assert ask(port, "/api/v1/deals", secret)[0] == 200
            assert ask(port, f"/o/northwind/deals/{deal.pk}/")[0] == 200  # the sign-in, after a redirect
        assert ask(port, "/o/southwind/nonsense/eve@example.com")[0] == 404
        assert ask(port, "/api/v1/deals", "tl_live_wrong")[0] == 401
        assert ask(port, "/accounts/login/", method="LENA")[0] == 403
        told = [figures(port) for _ in range(10)]
        text = ask(port, "/metrics", TOKEN)[1]
    # Whichever process answers, it tells of both.
    assert {
        found['throughline_requests_total{method="GET",route="api-deals-list",status="2xx"}'] for found in told
    } == {20.0}
    found = told[0]
    assert found['throughline_requests_total{method="GET",route="deal",status="3xx"}'] == 20
    assert found['throughline_requests_total{method="GET",route="none",status="4xx"}'] == 1
    assert found['throughline_requests_total{method="GET",route="api-deals-list",status="4xx"}'] == 1
    assert found['throughline_requests_total{method="other",route="account_login",status="4xx"}'] == 1
    assert found['throughline_request_seconds_count{method="GET",route="api-deals-list"}'] == 21
    assert found['throughline_database_queries_total{door="web"}'] > 20
    assert found['throughline_part_up{part="wall"}'] == 1
    assert found['throughline_queue_length{queue="statistics"}'] >= 0
    assert found['throughline_lag_seconds{part="statistics"}'] > 0
    northwind, southwind = lena.tenant, eve.tenant
    for word in ("northwind", "southwind", "Lena", "@", "tl_live", str(deal.pk), "Leak", str(northwind.public_id)):
        assert word.lower() not in text.lower(), word
    assert f'"{northwind.pk}"' not in text
    assert f'"{southwind.pk}"' not in text


def test_a_worker_tells_what_its_processes_did(transactional_db: None, lena: Membership, tmp_path: Path) -> None:
    with tenant_scope(lena.tenant_id):
        make_deal(actor=lena)
    port = free_port()
    chosen = {"METRICS_TOKEN": TOKEN, "METRICS_LISTEN": f"127.0.0.1:{port}"}
    queues, out = (slow_tasks.QUEUE,), tmp_path / "out"
    with working(current_name(), tmp_path / "log", include=slow_tasks.__name__, queues=queues, **chosen):
        with tenant_bound(lena.tenant_id):
            refresh_statistics.apply_async(queue=slow_tasks.QUEUE)
        for _ in range(3):
            slow_tasks.fail.apply_async(kwargs={"secret": "hunter2"}, queue=slow_tasks.QUEUE)
        slow_tasks.sleep.apply_async(kwargs={"seconds": 0.1, "out": str(out)}, queue=slow_tasks.QUEUE)
        wait_until(lambda: out.exists() and "ended" in out.read_text(), what="the last task")
        slept = 'throughline_tasks_total{state="success",task="tests.config.slow_tasks.sleep"}'
        wait_until(lambda: figures(port).get(slept), what="the last task to be counted")
        assert ask(port, "/metrics", "wrong")[0] == 401
        assert ask(port, "/", TOKEN)[0] == 404
        found, text = figures(port), ask(port, "/metrics", TOKEN)[1]
    assert found['throughline_task_failures_total{task="tests.config.slow_tasks.fail"}'] == 3
    assert found['throughline_tasks_total{state="success",task="outcomes.tasks.refresh_statistics"}'] == 1
    assert found['throughline_task_seconds_sum{task="tests.config.slow_tasks.sleep"}'] >= 0.1
    assert found['throughline_database_queries_total{door="task"}'] > 5
    assert "northwind" not in text
    assert "hunter2" not in text
    assert not answers(port)


def test_rows_of_imports_are_told_after_their_commit(
    lena: Membership, inside_northwind: None, uploads_aside: None, django_capture_on_commit_callbacks: object
) -> None:
    heard: list[dict[str, int]] = []
    rows_settled.connect(lambda counts, **_: heard.append(counts), weak=False, dispatch_uid="test")
    try:
        with django_capture_on_commit_callbacks() as callbacks:  # type: ignore[operator]
            maven.import_all(maven.FILES, actor=lena)
        assert heard == []
        for callback in callbacks:
            callback()
    finally:
        rows_settled.disconnect(dispatch_uid="test")
    assert sum(counts.get("created", 0) for counts in heard) > 0
