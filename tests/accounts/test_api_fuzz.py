"""Whatever is sent to any operation, by anybody: no fault of ours, and no answer that the document does not tell of."""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import HealthCheck, Phase, settings
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.generation.meta import TestPhase
from schemathesis.pytest.lazy import get_all_tests
from schemathesis.python._constants.orchestrator import build_constants_pool

from tests.api import DOCUMENT, Things
from tests.furnished import Furnished, another, changed

ID = re.compile(r"([a-z]+)_[0-7][0-9a-hjkmnp-tv-z]{25}")
# Made up for each operation beside the corners, and sent by each of three. Hundreds find more, and take an hour.
EXAMPLES = 30 if os.environ.get("FUZZ_ALL") else 3
# Of the wrong requests at the corners so many are left out for each that is sent; FUZZ_ALL=1 sends them all.
LEFT_OUT = 0 if os.environ.get("FUZZ_ALL") else 5
SENT: Counter[int] = Counter()
# The same in every run, so that a change is judged by what it changes; FUZZ_ALL=1 makes others up each time.
unhurried = settings(
    deadline=None,
    derandomize="FUZZ_ALL" not in os.environ,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


def operations() -> dict[str, str]:
    """The names of the document's operations, with their methods."""
    paths = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]
    return {told["operationId"]: method for path in paths.values() for method, told in path.items()}


def operation(name: str, phase: str) -> schemathesis.BaseSchema:
    """One operation of the document, to be called with requests made up in this way."""
    # Each item of an upsert is judged by itself, and says so in the answer.
    return described(phase, ("412", "200") if name.startswith("upsert_") else ("412",)).include(operation_id=name)


@cache
def described(phase: str, taken: tuple[str, ...]) -> schemathesis.BaseSchema:
    """The document, read once, and our own code once for the words that stand in it, which are tried as well.

    `taken` are answers to what the document does not allow: an old tag is told before the body is read.
    """
    schema = schemathesis.openapi.from_path(DOCUMENT)
    schema.app = WSGIHandler()
    schema.config.generation.update(max_examples=EXAMPLES)
    schema.config.phases.update(phases=[phase])
    # A body may be well-formed and yet say what cannot be, such as an end before the deal was opened.
    schema.config.checks.positive_data_acceptance.expected_statuses += ["400", "412", "422"]
    schema.config.checks.negative_data_rejection.expected_statuses += taken
    schema.config.checks.missing_required_header.expected_statuses = ["428"]
    build_constants_pool(schema)
    return schema


def known(value: Any, things: Things) -> Any:
    """The same value with ids of rows that are there."""
    if isinstance(value, str) and (found := ID.fullmatch(value)):
        return getattr(things, found[1], value)
    if isinstance(value, dict):
        return {name: known(inner, things) for name, inner in value.items()}
    return [known(inner, things) for inner in value] if isinstance(value, list) else value


def is_wrong_corner(case: schemathesis.Case) -> bool:
    """Whether it is one of the many ways in which a request can break the document, field by field."""
    meta = case.meta
    return bool(meta and meta.phase.name is TestPhase.COVERAGE and meta.generation.mode is GenerationMode.NEGATIVE)


def send(case: schemathesis.Case, secret: str, things: Things) -> None:
    """Send it, mostly with ids that are there, and hold the answer against the document."""
    if any(value in ([], {}) for value in (case.query or {}).values()):
        return  # an empty list stands in no address: what is wrong with it never arrives
    drawn = crc32(repr((case.path_parameters, case.query, case.body)).encode())
    if is_wrong_corner(case) and drawn % (LEFT_OUT + 1):
        return
    if drawn // 8 % 4:
        for part in ("path_parameters", "query", "body"):
            # A part that is set anew is judged anew, and a body that is not sent is taken for a wrong one.
            if (told := getattr(case, part)) != (meant := known(told, things)):
                setattr(case, part, meant)
        if "If-Match" in case.headers and case.meta and case.meta.generation.mode is GenerationMode.POSITIVE:
            # Made-up tags are never those of the row, and nothing behind them would be tried.
            case.headers["If-Match"] = "*"
    answer = case.call_and_validate(base_url="http://testserver", headers={"Authorization": f"Bearer {secret}"})
    SENT[answer.status_code] += 1


@pytest.fixture(scope="module", autouse=True)
def figures(request: pytest.FixtureRequest) -> Iterator[None]:
    """How many requests there were, said at the end: a run that sends nothing is green, too."""
    yield
    told = ", ".join(f"{count} × {status}" for status, count in sorted(SENT.items()))
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        sys.stdout.write(f"\n{SENT.total()} made-up requests: {told}\n")


@pytest.fixture(scope="module")
def made_to_read(made_once: Furnished, django_db_blocker: Any) -> Iterator[Furnished]:
    """For all operations that read, which leave it as it was."""
    with another(made_once, django_db_blocker) as made:
        yield made
        # That somebody was refused is written down.
        assert [row for rows in changed(made).values() for row in rows if "access.denied" not in row[1]] == []


@pytest.fixture
def made(request: pytest.FixtureRequest, name: str) -> Furnished:
    """One of everything, anew for each operation that writes."""
    found: Furnished = request.getfixturevalue("made_to_read" if operations()[name] == "get" else "furnished_anew")
    return found


def run(schema: schemathesis.BaseSchema, send_one: Callable[[schemathesis.Case], None]) -> None:
    """Make the requests up and send them. Not while tests are collected, which every test process pays for."""

    @unhurried
    def each(case: schemathesis.Case) -> None:
        send_one(case)

    load_all_checks()
    tests = [found.ok() for found in get_all_tests(schema=schema, test_func=each, settings=None, given_kwargs=None)]
    assert len(tests) == 1
    for _operation, test in tests:
        test()


# Committed, because making up a request can take longer than the database lets a transaction stand idle.
@pytest.mark.fuzz
@pytest.mark.parametrize("name", operations())
def test_whatever_is_sent_to_an_operation_is_answered_as_the_document_says(name: str, made: Furnished) -> None:
    """By a viewer, a stranger and an owner; and by the owner each boundary of each field, each missing or unknown one,
    each wrong method and media type."""

    def send_as_each(case: schemathesis.Case) -> None:
        for person in ("vera", "eve", "lena"):
            send(case, made.secrets[person], made.northwind)

    run(operation(name, "fuzzing"), send_as_each)
    run(operation(name, "coverage"), lambda case: send(case, made.secrets["lena"], made.northwind))
