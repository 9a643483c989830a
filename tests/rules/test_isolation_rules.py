"""Ways past the wall between tenants, and past what pages escape, are not written; each exception stands here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from django.conf import settings

APPS = ["accounts", "strategy", "activities", "outcomes", "frontend", "config"]
ROOT = Path(settings.ROOT)
PYTHON = sorted([*(path for app in APPS for path in (ROOT / app).rglob("*.py")), ROOT / "manage.py"])
SQL = sorted(path for app in APPS for path in (ROOT / app).rglob("*.sql"))
TEMPLATES = sorted(path for app in APPS for path in (ROOT / app).rglob("*.html"))


class Rule(NamedTuple):
    """A pattern that no text of the kind may have, but for the files that are named."""

    pattern: str
    because: str
    allowed: frozenset[str] = frozenset()


OWN = "accounts/tenancy/backend/base.py"
# Reads every organisation in one moment, on a connection of its own that nobody borrows and that can only read.
FINGERPRINT = "config/fingerprint.py"
OF_STATEMENTS = [
    Rule(r"set_config\([^()]*\bfalse\b", "a setting of the session reaches the next one who borrows the connection"),
    Rule(r"set_config\(", "scope.py and the backend alone tell the database its tenant", frozenset({OWN, FINGERPRINT})),
    Rule(
        r"app\.tenant_id",
        "only the wall reads it and only the backend writes it",
        frozenset({OWN, FINGERPRINT, "accounts/tenancy/rls.py", "accounts/tenancy/catalogue.py"}),
    ),
    # SET CONSTRAINTS and SET TRANSACTION end with the transaction by themselves.
    Rule(r"(^|;)\s*SET\s+(?!LOCAL\b|CONSTRAINTS\b|TRANSACTION\b)\w+(\.\w+)?\s*(=|TO\b)", "write SET LOCAL"),
    Rule(r"\bSET\s+(LOCAL\s+)?(ROLE|SESSION)\b", "the product is the web role and nobody else"),
    Rule(r"\bRESET\s+\w+", "nothing is set for longer than a transaction", frozenset()),
    Rule(
        r"\bpg_(try_)?advisory_lock",
        "write pg_advisory_xact_lock: the other one outlives the transaction",
        frozenset({"accounts/tenancy/roles.py"}),
    ),
    Rule(
        r"\bCREATE\s+(LOCAL\s+)?TEMP(ORARY)?\s+TABLE\b(?!.*ON COMMIT DROP)",
        "rows of a temporary table outlive the transaction on a connection that others borrow",
    ),
    Rule(
        r"\b(LISTEN|UNLISTEN|PREPARE|DECLARE\s+\w+\s+.*CURSOR\s+WITH\s+HOLD)\s+\w",
        "it stays on a connection that others borrow",
    ),
    Rule(r"\bSECURITY\s+DEFINER\b", "declare a LookupFunction", frozenset({"accounts/tenancy/lookups.py"})),
    Rule(r"\bMATERIALIZED\s+VIEW\b", "it knows no wall"),
    Rule(
        r"\bBYPASSRLS\b(?<!NOBYPASSRLS)|\bDISABLE\s+ROW\s+LEVEL\b|\brow_security\s*=",
        "nobody passes the wall",
        frozenset({"accounts/tenancy/rls.py"}),
    ),
]
#: Names that are called, imported or read.
OF_NAMES = {
    "_base_manager": "it is TenantManager's own affair",
    "raw": "write the statement with a cursor, and the tenant in it",
    "RawSQL": "it hides what a query compares",
    "extra": "it hides what a query compares",
    "csrf_exempt": "programs have keys, people have tokens in their forms",
    "StreamingHttpResponse": "its body is made after the transaction has ended; a TenantStream has its own",
    "FileResponse": "its body is made after the transaction has ended",
    "mark_safe": "use format_html, or a template",
    "SafeText": "use format_html, or a template",
    "GenericForeignKey": "it knows no tenant",
    "set_autocommit": "transactions are begun by tenant_scope() and atomic()",
    "non_atomic_requests": "a request is one transaction",
    "ThreadPoolExecutor": "a thread knows no tenant: send a task",
    "sync_to_async": "it changes the thread, and with it the connection",
}
#: Words that anybody may use for something else.
METHODS = {"raw", "extra"}
ALLOWED_NAMES = {
    # Its threads post what was made ready before, and ask the database nothing.
    ("accounts/integrations/webhooks.py", "ThreadPoolExecutor"),
    # The drawings are files of the program.
    ("frontend/drawings.py", "mark_safe"),
    # It says that there is nothing.
    ("config/api.py", "csrf_exempt"),
    # The secret in the address is the credential there; a cookie would be one that customers did not ask for.
    ("frontend/views/links.py", "csrf_exempt"),
    # It enters the tenant itself.
    ("accounts/streams.py", "StreamingHttpResponse"),
}
OF_TEMPLATES = [
    Rule(r"\|\s*safe(seq)?\b", "what people wrote is escaped"),
    Rule(r"\{%\s*autoescape\s+off", "what people wrote is escaped"),
    Rule(r"\{%\s*debug\b", "it shows everything there is"),
]


def place(path: Path) -> str:
    return str(path.relative_to(ROOT))


def statements(path: Path) -> Iterator[str]:
    """Every text in a Python file that is not a docstring, an f-string's fixed parts together; a SQL file whole."""
    if path.suffix == ".sql":
        yield re.sub(r"--.*", "", path.read_text())
        return
    tree = ast.parse(path.read_text())
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "x" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (told | parts):
            yield node.value


def broken(text: str, rules: list[Rule], where: str) -> list[str]:
    return [
        f"{where}: {rule.because}: {found[0].strip()!r}"
        for rule in rules
        if where not in rule.allowed and (found := re.search(rule.pattern, text, re.DOTALL))
    ]


def names(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Name) and node.id not in METHODS:
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            found |= {alias.name.rpartition(".")[2] for alias in node.names}
    return found


@pytest.mark.parametrize("path", [*PYTHON, *SQL], ids=place)
def test_no_statement_leaves_anything_on_a_connection_or_passes_the_wall(path: Path) -> None:
    assert [fault for text in statements(path) for fault in broken(text, OF_STATEMENTS, place(path))] == []


@pytest.mark.parametrize("path", PYTHON, ids=place)
def test_no_way_around_the_manager_the_transaction_or_the_escaping(path: Path) -> None:
    used = {name for name in names(path) & set(OF_NAMES) if (place(path), name) not in ALLOWED_NAMES}
    assert used == set(), [OF_NAMES[name] for name in used]


@pytest.mark.parametrize("path", TEMPLATES, ids=place)
def test_a_template_escapes_what_people_wrote(path: Path) -> None:
    assert broken(path.read_text(), OF_TEMPLATES, place(path)) == []


def test_every_exception_is_still_needed() -> None:
    for path, name in ALLOWED_NAMES:
        assert name in names(ROOT / path)
    for rule in OF_STATEMENTS:
        for path in rule.allowed:
            assert any(broken(text, [rule._replace(allowed=frozenset())], path) for text in statements(ROOT / path)), (
                path
            )


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT set_config('app.tenant_id', %s, false)",
        "SET app.tenant_id = '5'",
        "SET statement_timeout = 0",
        "BEGIN; SET work_mem TO '1GB'",
        "SET ROLE tl_owner",
        "SET SESSION AUTHORIZATION x",
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_try_advisory_lock(1)",
        "CREATE TEMP TABLE staging (id int)",
        "CREATE TEMPORARY TABLE staging AS SELECT 1",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        "CREATE MATERIALIZED VIEW v AS SELECT 1",
        "ALTER TABLE x DISABLE ROW LEVEL SECURITY",
        "LISTEN deals",
    ],
)
def test_a_statement_that_does_is_noticed(statement: str) -> None:
    assert broken(statement, OF_STATEMENTS, "strategy/queries.py")


@pytest.mark.parametrize(
    "statement",
    [
        "SET LOCAL statement_timeout = '5min'; SET LOCAL work_mem = '64MB'",
        "SET CONSTRAINTS ALL IMMEDIATE",
        "UPDATE strategy_deal SET name = 'x'",
        "INSERT INTO x VALUES (1) ON CONFLICT (id) DO UPDATE\n    SET name = excluded.name",
        "SELECT pg_advisory_xact_lock(1)",
        "CREATE TEMP TABLE staging (id int) ON COMMIT DROP",
        "Set the tenant first.",
    ],
)
def test_a_statement_that_does_not_is_left_alone(statement: str) -> None:
    assert broken(statement, OF_STATEMENTS, "strategy/queries.py") == []
