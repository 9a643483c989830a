"""Ids as programs see them."""

from __future__ import annotations

import re
import uuid

import pytest
import uuid_utils.compat
from hypothesis import given
from hypothesis import strategies as some

from accounts.api import ids


@given(some.uuids())
def test_an_id_leads_back_to_its_key(key: uuid.UUID) -> None:
    text = ids.encode("deal", key)
    assert ids.decode("deal", text) == key
    assert re.fullmatch(ids.pattern("deal"), text)


def test_is_written_as_the_public_rule_says() -> None:
    """TypeID's own examples."""
    assert ids.encode("x", uuid.UUID("0188bac7-4afa-78aa-bc3b-bd1eef28d881")) == "x_01h2xcejqtf2nbrexx3vqjhp41"
    assert ids.encode("x", uuid.UUID(int=0)) == "x_00000000000000000000000000"
    assert ids.encode("x", uuid.UUID(int=2**128 - 1)) == "x_7zzzzzzzzzzzzzzzzzzzzzzzzz"


def test_later_rows_sort_later() -> None:
    made = [ids.encode("deal", uuid_utils.compat.uuid7()) for _ in range(50)]
    assert made == sorted(made)


@given(some.text(max_size=40))
def test_anything_else_is_no_id(text: str) -> None:
    with pytest.raises(ids.NotAnId):
        ids.decode("deal", text)


@pytest.mark.parametrize(
    "text",
    [
        "act_01h2xcejqtf2nbrexx3vqjhp41",
        "deal_81h2xcejqtf2nbrexx3vqjhp41",
        "deal_01H2XCEJQTF2NBREXX3VQJHP41",
        "deal_01h2xcejqtf2nbrexx3vqjhp4l",
        "deal_01h2xcejqtf2nbrexx3vqjhp4",
        "deal_01h2xcejqtf2nbrexx3vqjhp41\n",
        "0188bac7-4afa-78aa-bc3b-bd1eef28d881",
    ],
)
def test_a_near_miss_is_no_id(text: str) -> None:
    with pytest.raises(ids.NotAnId):
        ids.decode("deal", text)
