"""The pages about the API, and every example on them."""

from __future__ import annotations

import html
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from django.test import Client
from pytest_django.live_server_helper import LiveServer

from accounts.api.problems import every_refusal
from accounts.integrations.tokens import SCOPES
from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from tests.api import Program, document, furnish, make_secret, operations

EXAMPLE = re.compile(r'<code id="(example-[\w-]+)">(.*?)</code>', re.DOTALL)
RESOURCES = sorted({operation["tags"][0] for _, _, operation in operations(document())})
PAGES = ["/api/", "/api/errors", *(f"/api/reference/{name}" for name in RESOURCES)]


def read(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_everybody_finds_every_operation_on_the_page_of_its_resource(client: Client, db: None) -> None:
    pages = {name: read(client, f"/api/reference/{name}") for name in RESOURCES}
    for path, method, operation in operations(document()):
        words = pages[operation["tags"][0]]
        assert f"<b>{method.upper()}</b> {path}</code>" in words
        assert f'id="{operation["operationId"]}"' in words
        for given in operation.get("parameters", ()):
            assert given["in"] == "path" or f"<code>{given['name']}</code>" in words


def test_each_page_leads_to_all_others(client: Client, db: None) -> None:
    for path in PAGES:
        words = read(client, path)
        assert not [other for other in PAGES if f'href="{other}"' not in words]
        assert 'aria-current="page"' in words


def test_what_an_operation_does_as_everywhere_is_explained_where_it_leads(client: Client, db: None) -> None:
    introduction = read(client, "/api/")
    for name in RESOURCES:
        for place in re.findall(r'href="/api/#([\w-]+)"', read(client, f"/api/reference/{name}")):
            assert f'id="{place}"' in introduction


def test_the_introduction_names_every_scope_in_words(client: Client, db: None) -> None:
    words = read(client, "/api/")
    for scope in SCOPES:
        assert re.search(rf"<code>{scope}</code> <span>\w", words), scope


def test_a_page_that_is_not_there_is_not_there(client: Client, db: None) -> None:
    assert client.get("/api/reference/colours").status_code == 404


def test_every_error_is_explained_where_its_type_leads(client: Client, db: None) -> None:
    words = read(client, "/api/errors")
    for refusal in every_refusal():
        assert f'id="{refusal.code}"' in words


def test_a_problem_names_that_place(db: None) -> None:
    assert Program().get("deals").json()["type"] == "/api/errors#unauthenticated"


def names_of(member: Membership) -> list[Any]:
    organisation = Tenant.objects.values_list("name", "slug", "currency").get(pk=member.tenant_id)
    people = Membership.objects.order_by("pk").values_list("name", "role", "is_active", "team_id")
    return [organisation, *people]


def test_every_example_runs_as_it_stands(
    live_server: LiveServer, lena: Membership, omar: Membership, settings: Any, tmp_path: Path
) -> None:
    """Pasted into a shell by somebody who has set TOKEN and nothing else."""
    settings.API_LIMIT_TOKEN = settings.API_LIMIT_ORGANISATION = 10_000
    furnish(lena)
    with tenant_scope(lena.tenant_id):
        Membership.objects.create(name="Named by an import")
        before = names_of(lena)
    (tmp_path / ".curlrc").write_text("fail-with-body\n")  # so that a refusal is seen
    path = os.environ["PATH"]
    environment = {"PATH": path, "TOKEN": make_secret(lena), "CURL_HOME": str(tmp_path), "no_proxy": "*"}
    client = Client(headers={"Host": live_server.url.partition("://")[2]})
    examples = {
        (page, name): html.unescape(code) for page in PAGES for name, code in EXAMPLE.findall(read(client, page))
    }
    assert len(examples) >= len(list(operations(document()))) + 10
    failed = {}
    for place, example in examples.items():
        assert live_server.url in example
        # As a program it is sh, which has no pipefail and no bashisms.
        done = subprocess.run(["sh", "-euc", example], env=environment, capture_output=True, text=True, check=False)
        # The one on the page of errors is refused, and the answer is the problem.
        if done.returncode != (22 if place[1] == "example-refused" else 0):
            failed[place] = (example, done.stdout, done.stderr[-400:])
    assert not failed, "\n".join(f"{place}\n{example}\n{said}" for place, (example, said, _) in failed.items())
    # Whoever tries them finds everybody, and the organisation, as they were.
    with tenant_scope(lena.tenant_id):
        assert names_of(lena) == before
