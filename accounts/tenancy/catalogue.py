"""An audit that starts from PostgreSQL's catalogue, not from our models, so that it also sees what others added."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db.migrations.loader import MigrationLoader

from accounts.tenancy.lookups import DECLARED
from accounts.tenancy.roles import LOOKUP, MAINT, WEB

# As pg_get_expr prints the wall of rls.py.
PRINTED_WALL = "(tenant_id = (current_setting('app.tenant_id'::text))::bigint)"


class Finding(NamedTuple):
    """Something in the database that would let tenants meet, or make their queries slow."""

    where: str
    what: str
    hint: str


TENANT_TABLES = """
    SELECT c.oid FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema')
                       AND n.nspname NOT LIKE 'pg_temp%%' AND n.nspname NOT LIKE 'pg_toast%%'
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p')
"""

QUESTIONS: list[tuple[str, str, str]] = [
    (
        "has no wall: a restrictive policy for the web role that compares tenant_id with app.tenant_id",
        "Let its model inherit TenantModel, or add the policy of accounts/tenancy/rls.py.",
        f"""
        SELECT c.oid::regclass::text FROM pg_class c WHERE c.oid IN ({TENANT_TABLES}) AND (
            NOT c.relrowsecurity OR NOT EXISTS (
                SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND NOT p.polpermissive AND p.polcmd = '*'
                AND (SELECT oid FROM pg_roles WHERE rolname = '{WEB}') = ANY (p.polroles)
                AND pg_get_expr(p.polqual, p.polrelid) = %(wall)s
                AND pg_get_expr(p.polwithcheck, p.polrelid) = %(wall)s))
        """,
    ),
    (
        "lets rows of no tenant in",
        "Make tenant_id NOT NULL.",
        f"""
        SELECT a.attrelid::regclass::text FROM pg_attribute a
        WHERE a.attrelid IN ({TENANT_TABLES}) AND a.attname = 'tenant_id' AND NOT a.attnotnull
        """,
    ),
    (
        "has a reference between tenants' tables without the tenant in it",
        "Use TenantForeignKey: (tenant_id, x_id) → (tenant_id, id).",
        f"""
        SELECT k.conrelid::regclass::text || '.' || k.conname FROM pg_constraint k
        WHERE k.contype = 'f' AND k.conrelid IN ({TENANT_TABLES}) AND k.confrelid IN ({TENANT_TABLES})
        AND NOT EXISTS (
            SELECT FROM unnest(k.conkey, k.confkey) AS pair(mine, theirs)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.mine AND a.attname = 'tenant_id'
            JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = pair.theirs AND b.attname = 'tenant_id')
        """,
    ),
    (
        "has no index led by tenant_id",
        "Add one: without it every query of a small tenant reads the whole table.",
        f"""
        SELECT c.oid::regclass::text FROM pg_class c WHERE c.oid IN ({TENANT_TABLES}) AND NOT EXISTS (
            SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
            WHERE i.indrelid = c.oid AND a.attname = 'tenant_id' AND i.indpred IS NULL)
        """,
    ),
    (
        "is a view that shows its owner's rows",
        "Make it WITH (security_invoker = true).",
        """
        SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'v' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false)
        """,
    ),
    (
        "is a materialised view, which knows no wall",
        "Keep results in a table of the tenant.",
        "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind = 'm'",
    ),
    (
        "runs with its owner's rights and was not declared",
        "Declare it as a LookupFunction, or make it SECURITY INVOKER.",
        f"""
        SELECT n.nspname || '.' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        JOIN pg_roles r ON r.oid = p.proowner
        WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND NOT (n.nspname || '.' || p.proname = ANY (%(declared)s) AND r.rolname = '{LOOKUP}')
        """,
    ),
    (
        "has more rights than a web role may have",
        "Run manage.py bootstrap_database again.",
        f"""
        SELECT r.rolname FROM pg_roles r WHERE r.rolname IN ('{WEB}', '{LOOKUP}', '{MAINT}')
        AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb
             OR (r.rolname = '{WEB}' AND EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid))
             OR EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid))
        """,
    ),
    (
        "may be emptied or re-shaped by the web role",
        "Grant it SELECT, INSERT, UPDATE and DELETE at the most.",
        f"""
        SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND n.nspname NOT LIKE 'pg_temp%%'
        AND (has_table_privilege('{WEB}', c.oid, 'TRUNCATE') OR has_table_privilege('{WEB}', c.oid, 'REFERENCES')
             OR has_table_privilege('{WEB}', c.oid, 'TRIGGER'))
        """,
    ),
]


def audit(cursor: Any) -> list[Finding]:
    """Everything found wrong in the database the cursor is connected to; empty when all is well."""
    return list(_findings(cursor))


def _findings(cursor: Any) -> Iterator[Finding]:
    MigrationLoader(None, ignore_no_migrations=True)  # reading the migrations fills DECLARED
    known = {"wall": PRINTED_WALL, "declared": sorted(DECLARED)}
    for what, hint, question in QUESTIONS:
        cursor.execute(question, known)
        for (where,) in cursor.fetchall():
            yield Finding(where, what, hint)
