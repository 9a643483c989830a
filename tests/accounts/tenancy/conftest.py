"""The committed world, and the same with a row in every table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tests.canaries import plant
from tests.worlds import World


@pytest.fixture
def world(made_world: World) -> Iterator[World]:
    """The committed world; each test leaves no transaction behind it."""
    yield made_world
    assert not connection.in_atomic_block
    assert connection.get_autocommit()


@pytest.fixture(scope="module")
def planted(made_world: World) -> dict[str, dict[Any, Any]]:
    """A row in every table of both, by the word that stands in all of its texts."""
    return {
        "nwcanary": plant(made_world.northwind.pk, "nwcanary"),
        "swcanary": plant(made_world.southwind.pk, "swcanary"),
    }
