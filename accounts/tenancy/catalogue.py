"""An audit that starts from PostgreSQL's catalogue, not from our models, so that it also sees what others added."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db.migrations.loader import MigrationLoader

from accounts.tenancy.lookups import DECLARED
from accounts.tenancy.roles import LOOKUP, MAINT, WEB

# As pg_get_expr prints the wall of rls.py.
PRINTED_WALL = "(tenant_id = (current_setting('app.tenant_id'::text))::bigint)"


class Expected(NamedTuple):
    """Names of tables of which the models say something that the catalogue cannot know."""

    without_tenant: list[str]
    append_only: list[str]


class Finding(NamedTuple):
    """Something in the database that would let tenants meet, or make their queries slow."""

    where: str
    what: str
    hint: str


class Question(NamedTuple):
    """One query that names the places where something is wrong."""

    what: str
    hint: str
    sql: str


# Everything that is not PostgreSQL's own, and of that what holds tenants' rows.
PREAMBLE = """
    WITH relations AS (
        SELECT c.* FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND n.nspname NOT LIKE 'pg\\_temp%%' AND n.nspname NOT LIKE 'pg\\_toast%%'
    ), tenant_tables AS (
        SELECT c.* FROM relations AS c
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
        WHERE c.relkind IN ('r', 'p')
    )
"""

TABLES = [
    Question(
        "has no wall: a restrictive policy for the web role that compares tenant_id with app.tenant_id",
        "Let its model inherit TenantModel, or add the policy of accounts/tenancy/rls.py.",
        """
        SELECT c.oid::regclass::text FROM tenant_tables AS c WHERE (
            NOT c.relrowsecurity OR NOT EXISTS (
                SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND NOT p.polpermissive AND p.polcmd = '*'
                AND (SELECT oid FROM pg_roles WHERE rolname = %(web)s) = ANY (p.polroles)
                AND pg_get_expr(p.polqual, p.polrelid) = %(wall)s
                AND pg_get_expr(p.polwithcheck, p.polrelid) = %(wall)s))
        """,
    ),
    Question(
        "holds rows without a tenant, and is not in the list of global tables",
        "Give it a tenant_id and the wall, or add its model to GLOBAL in accounts/tenancy/checks.py.",
        """
        SELECT c.oid::regclass::text FROM relations AS c
        WHERE c.relkind IN ('r', 'p', 'f') AND c.oid NOT IN (SELECT oid FROM tenant_tables)
        AND c.relname::text <> ALL (%(without_tenant)s)
        """,
    ),
    Question(
        "lets rows of no tenant in",
        "Make tenant_id NOT NULL.",
        """
        SELECT c.oid::regclass::text FROM tenant_tables AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
        WHERE a.attname = 'tenant_id' AND NOT a.attnotnull
        """,
    ),
    Question(
        "refers to a tenant's table without the tenant in the key",
        "Use TenantForeignKey: (tenant_id, x_id) → (tenant_id, id).",
        """
        SELECT k.conrelid::regclass::text || '.' || k.conname FROM pg_constraint k
        WHERE k.contype = 'f' AND k.confrelid IN (SELECT oid FROM tenant_tables) AND NOT EXISTS (
            SELECT FROM unnest(k.conkey, k.confkey) AS pair(mine, theirs)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.mine AND a.attname = 'tenant_id'
            JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = pair.theirs AND b.attname = 'tenant_id')
        """,
    ),
    Question(
        "has no index led by tenant_id",
        "Add one: without it every query of a small tenant reads the whole table.",
        """
        SELECT c.oid::regclass::text FROM tenant_tables AS c WHERE NOT EXISTS (
            SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
            WHERE i.indrelid = c.oid AND a.attname = 'tenant_id' AND i.indpred IS NULL AND i.indisvalid)
        """,
    ),
]

PASSAGES = [
    Question(
        "is a view that shows its owner's rows",
        "Make it WITH (security_invoker = true).",
        """
        SELECT c.oid::regclass::text FROM relations AS c
        WHERE c.relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false)
        """,
    ),
    Question(
        "is a materialised view, which knows no wall",
        "Keep results in a table of the tenant.",
        "SELECT c.oid::regclass::text FROM relations AS c WHERE c.relkind = 'm'",
    ),
    Question(
        "has a rule, which acts with its owner's rights",
        "Write a trigger instead: it acts as whoever fired it.",
        """
        SELECT c.oid::regclass::text || '.' || w.rulename FROM relations AS c
        JOIN pg_rewrite AS w ON w.ev_class = c.oid WHERE w.ev_type <> '1'
        """,
    ),
    Question(
        "runs with its owner's rights and was not declared",
        "Declare it as a LookupFunction, or make it SECURITY INVOKER.",
        """
        SELECT n.nspname || '.' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        JOIN pg_roles r ON r.oid = p.proowner
        WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND NOT (n.nspname || '.' || p.proname = ANY (%(declared)s) AND r.rolname = %(lookup)s
                 AND 'search_path=pg_catalog, pg_temp' = ANY (coalesce(p.proconfig, '{}'))
                 AND NOT EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS may
                                 WHERE may.grantee = 0))
        """,
    ),
]

RIGHTS = [
    Question(
        "has more rights than a web role may have",
        "Run manage.py bootstrap_database again.",
        """
        SELECT r.rolname FROM pg_roles r WHERE r.rolname IN (%(web)s, %(lookup)s, %(maint)s)
        AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication
             OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid)
             OR EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relpersistence <> 't'
                        AND c.relkind <> 't' AND c.relkind <> 'i')
             OR has_database_privilege(r.oid, current_database(), 'CREATE')
             OR has_schema_privilege(r.oid, 'public', 'CREATE')
             OR (r.rolname <> %(lookup)s AND has_schema_privilege(r.oid, 'gate', 'CREATE')))
        """,
    ),
    Question(
        "may be emptied or re-shaped by the web role",
        "Grant it SELECT, INSERT, UPDATE and DELETE at the most.",
        """
        SELECT c.oid::regclass::text FROM relations AS c WHERE c.relkind IN ('r', 'p')
        AND (has_table_privilege(%(web)s, c.oid, 'TRUNCATE') OR has_table_privilege(%(web)s, c.oid, 'TRIGGER')
             OR has_any_column_privilege(%(web)s, c.oid, 'REFERENCES'))
        """,
    ),
    Question(
        "is only ever added to, yet the web role may change what is there",
        f"Run REVOKE UPDATE, DELETE on it FROM {WEB}.",
        """
        SELECT c.oid::regclass::text FROM relations AS c
        WHERE c.relkind IN ('r', 'p') AND c.relname::text = ANY (%(append_only)s)
        AND (has_any_column_privilege(%(web)s, c.oid, 'UPDATE') OR has_table_privilege(%(web)s, c.oid, 'DELETE'))
        """,
    ),
]


def audit(cursor: Any, expected: Expected) -> list[Finding]:
    """Everything found wrong in the database the cursor is connected to; empty when all is well."""
    return list(_findings(cursor, expected))


def without_wall(cursor: Any) -> list[str]:
    """The tables of tenants whose wall is missing or altered: the first question of the audit alone."""
    cursor.execute(PREAMBLE + TABLES[0].sql, {"wall": PRINTED_WALL, "web": WEB})
    return [str(where) for (where,) in cursor.fetchall()]


def _findings(cursor: Any, expected: Expected) -> Iterator[Finding]:
    MigrationLoader(None, ignore_no_migrations=True)  # reading the migrations fills DECLARED
    known = {"wall": PRINTED_WALL, "declared": sorted(DECLARED), **expected._asdict()}
    known |= {"web": WEB, "lookup": LOOKUP, "maint": MAINT}
    for what, hint, sql in (*TABLES, *PASSAGES, *RIGHTS):
        cursor.execute(PREAMBLE + sql, known)
        for (where,) in cursor.fetchall():
            yield Finding(where, what, hint)
