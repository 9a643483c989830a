"""A program is told with every answer, and in the document, that what it calls will end."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import include, path
from drf_spectacular.generators import SchemaGenerator
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from accounts.api import fields
from accounts.api.deprecation import Deprecated
from accounts.api.resource import Resource, TokenRequest
from accounts.models import Membership
from tests.api import Program, make_secret


class Answer(fields.Output):
    """What the probe says."""

    words = fields.Text(longest=20)


class Probe(Resource):
    """Two ways to ask the same, of which one will end."""

    access = {"list": "organisation.see", "retrieve": "organisation.see"}
    names = {"list": "ask_as_before", "retrieve": "ask"}
    gives = {"list": Answer, "retrieve": Answer}
    lists = frozenset()
    id_pattern = "^[a-z]+$"
    deprecated = {
        "list": Deprecated(
            since=datetime(2026, 11, 1, tzinfo=UTC), until=datetime(2027, 11, 1, tzinfo=UTC), see="/api/#deprecation"
        )
    }

    def list(self, request: TokenRequest) -> Response:
        """Ask as before.

        In the old way.
        """
        return Response({"words": "yes"}, headers={"Link": '</next>; rel="next"'})

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Ask."""
        return Response({"words": "yes"})


router = SimpleRouter(trailing_slash=False)
router.register("probes", Probe, basename="probes")
urlpatterns = [path("api/v1/", include(router.urls))]
handler404 = "config.errors.not_found"


@pytest.fixture
def client(lena: Membership) -> Client:
    return Program(make_secret(lena)).client


@pytest.mark.urls(__name__)
def test_what_will_end_says_so_with_every_answer(client: Client) -> None:
    answers = [client.get("/api/v1/probes"), client.get("/api/v1/probes?colour=red"), Client().get("/api/v1/probes")]
    assert [answer.status_code for answer in answers] == [200, 400, 401]
    for answer in answers:
        assert answer.headers["Deprecation"] == "@1793491200"
        assert answer.headers["Sunset"] == "Mon, 01 Nov 2027 00:00:00 GMT"
        assert '</api/#deprecation>; rel="deprecation"; type="text/html"' in answer.headers["Link"]
        assert '</api/#deprecation>; rel="sunset"; type="text/html"' in answer.headers["Link"]
    assert answers[0].headers["Link"].startswith('</next>; rel="next", ')


@pytest.mark.urls(__name__)
def test_what_will_not_end_says_nothing(client: Client) -> None:
    answer = client.get("/api/v1/probes/new")
    assert not {"Deprecation", "Sunset", "Link"} & set(answer.headers)


def test_the_document_says_so_too() -> None:
    told = SchemaGenerator(patterns=urlpatterns).get_schema(request=None, public=True)["paths"]  # type: ignore[no-untyped-call]
    ending, other = told["/api/v1/probes"]["get"], told["/api/v1/probes/{id}"]["get"]
    assert ending["deprecated"] is True
    assert ending["description"].startswith(
        "In the old way.\n\nDeprecated since 2026-11-01: see /api/#deprecation. It works until 2027-11-01."
    )
    assert {"Deprecation", "Sunset"} <= ending["responses"]["200"]["headers"].keys()
    assert "deprecated" not in other
    assert "Sunset" not in other["responses"]["200"]["headers"]
