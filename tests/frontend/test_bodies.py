"""Nobody who speaks slowly keeps a transaction waiting: what is sent is read before one begins."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership
from accounts.tenancy.scope import active, tenant_scope
from outcomes.models import MilestoneType
from outcomes.services import ask
from tests.api import FILE, PREFIX, Program, make_secret
from tests.furnished import Furnished
from tests.make import make_deal


class Spoken(BytesIO):
    """A body that knows whether somebody waited for it inside an organisation."""

    is_awaited_inside = False

    def read(self, *args: Any) -> bytes:
        self.is_awaited_inside |= active.get() is not None
        return super().read(*args)


def test_body_of_a_page_is_read_before_the_transaction(as_omar: Client) -> None:
    body = urlencode({"number": "4"}).encode()
    spoken = Spoken(body)
    sent = {"wsgi.input": spoken, "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/x-www-form-urlencoded"}
    assert as_omar.post("/o/northwind/today/aim/", **sent).status_code == 303
    assert (spoken.tell(), spoken.is_awaited_inside) == (len(body), False)


def test_answer_of_a_customer_is_read_before_the_transaction(lena: Membership) -> None:
    with tenant_scope(lena.tenant_id):
        deal, goal = make_deal(actor=lena), MilestoneType.objects.get(name="Goal agreed")
        asked = ask(actor=lena, deal=deal, type=goal, at=timezone.now(), name="Ida", statement="Yes?", channel="link")
    body = urlencode({"a": "opened"}).encode()
    spoken = Spoken(body)
    sent = {"wsgi.input": spoken, "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/x-www-form-urlencoded"}
    assert Client().post(f"/c/{asked.secret}/", **sent).status_code < 400
    assert (spoken.tell(), spoken.is_awaited_inside) == (len(body), False)


@pytest.mark.usefixtures("db")
def test_body_of_a_program_is_read_before_the_transaction(lena: Membership) -> None:
    body = json.dumps({"name": "Alder Foods"}).encode()
    spoken = Spoken(body)
    sent = {"wsgi.input": spoken, "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/json"}
    secret = {"HTTP_AUTHORIZATION": f"Bearer {make_secret(lena)}"}
    assert Client().post(f"{PREFIX}/companies", **sent, **secret).status_code == 201
    assert (spoken.tell(), spoken.is_awaited_inside) == (len(body), False)


@pytest.mark.usefixtures("uploads_aside", "db")
def test_file_of_a_program_may_be_larger_than_its_json(furnished: Furnished) -> None:
    address = f"evidence_files?milestone={furnished.northwind.mst}&name=offer.pdf"
    content = b"%PDF-1.7\n" + bytes(3 * 1024 * 1024)
    made = Program(furnished.secrets["omar"]).call("POST", address, content, content_type=FILE)
    assert (made.status_code, made.json()["size"]) == (201, len(content))
