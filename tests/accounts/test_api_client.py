"""A client that is generated from the committed document does what an integrator wants of it."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from accounts.models import Membership
from tests.api import DOCUMENT, Things, furnish, make_secret

PACKAGE = "throughline_client"
# Beautifying what is thrown away would cost seconds.
SETTINGS = f"post_hooks: []\npackage_name_override: {PACKAGE}\n"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the generated package. The generator finds nothing in the document that it cannot say."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "settings.yml").write_text(SETTINGS)
    told = subprocess.run(
        [
            *(sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"),
            *("--path", str(DOCUMENT), "--config", "settings.yml", "--output-path", PACKAGE),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
        del sys.modules[name]


def part(name: str) -> Any:
    """A module of the generated package."""
    found: ModuleType = importlib.import_module(f"{PACKAGE}.{name}")
    return found


@pytest.fixture
def things(lena: Membership, transactional_db: None) -> Things:
    return furnish(lena)


@pytest.fixture
def client(generated: Path, live_server: LiveServer, lena: Membership) -> Any:
    """Signed in with a token of Lena's."""
    # Not through a proxy that somebody has in the environment.
    return part("client").AuthenticatedClient(live_server.url, make_secret(lena), httpx_args={"trust_env": False})


def test_lists_deals_page_by_page(client: Any, things: Things) -> None:
    list_deals = part("api.deals.list_deals")
    first = list_deals.sync(client=client, limit=1)
    second = list_deals.sync(client=client, limit=1, cursor=first.next_cursor)
    assert [deal.name for page in (first, second) for deal in page.data] == ["Pump watch", "Leak analytics"]
    assert second.next_cursor is None
    deal = second.data[0]
    assert (deal.id, deal.company.name, deal.stage.kind, deal.amount) == (things.deal, "Alder Foods", "open", 1_000_000)


def test_reads_some_fields_and_whole_rows(client: Any, things: Things) -> None:
    get_deal, models = part("api.deals.get_deal"), part("models")
    wide = get_deal.sync(things.deal, client=client, expand=[models.GetDealExpandItem("company")])
    assert (wide.company.name, wide.company.revenue) == ("Alder Foods", 5_000_000_00)
    narrow = get_deal.sync(things.deal, client=client, fields=[models.GetDealFieldsItem("name")])
    assert (type(narrow).__name__, narrow.id, narrow.name) == ("DealPart", things.deal, "Leak analytics")


def test_logs_an_activity_once(client: Any, things: Things) -> None:
    create, models = part("api.activities.create_activity"), part("models")
    body = models.LogActivityRequest(
        type_=things.aty,
        at=datetime.now(UTC) - timedelta(hours=1),
        deal=things.deal,
        minutes=25,
        outputs=[models.GiveOutputRequest(type_=things.oty, note="They wrote back")],
    )
    first, again = (create.sync_detailed(client=client, body=body, idempotency_key="once") for _ in range(2))
    assert (first.status_code, first.parsed.id) == (201, again.parsed.id)
    assert [output.note for output in first.parsed.outputs] == ["They wrote back"]
    assert len(part("api.activities.list_activities").sync(client=client).data) == 2  # with that of the story


def test_moves_a_deal_that_nobody_moved_meanwhile(client: Any, things: Things) -> None:
    move, models = part("api.deals.move_deal"), part("models")
    tag = part("api.deals.get_deal").sync_detailed(things.deal, client=client).headers["ETag"]
    body = models.TransitionRequest(stage=things.stg)
    assert move.sync(things.deal, client=client, body=body, if_match=tag).stage.id == things.stg
    late = move.sync(things.deal, client=client, body=body, if_match=tag)
    assert (late.status, late.code) == (412, "precondition_failed")


def test_reads_why_it_was_refused(client: Any, things: Things) -> None:
    create, models = part("api.deals.create_deal"), part("models")
    problem = create.sync(client=client, body=models.OpenDealRequest(name=" ", amount=-1))
    assert (type(problem).__name__, problem.status, problem.type_) == ("Problem", 422, "/api/errors#invalid")
    assert {error.pointer for error in problem.errors} == {"#/name", "#/amount"}
    nobody = part("client").AuthenticatedClient(
        client._base_url, "tl_live_00000000_" + "a" * 43, httpx_args={"trust_env": False}
    )
    assert part("api.me.get_me").sync(client=nobody).code == "invalid_token"
