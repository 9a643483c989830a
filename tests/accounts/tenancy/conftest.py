"""The committed world."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from tests.worlds import World


@pytest.fixture
def world(made_world: World) -> Iterator[World]:
    """The committed world; each test leaves no transaction behind it."""
    yield made_world
    assert not connection.in_atomic_block
    assert connection.get_autocommit()
