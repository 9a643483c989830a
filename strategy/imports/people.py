"""Rows of members: people who own deals, their managers and teams. Whoever has no sign-in yet is a placeholder."""

from __future__ import annotations

from collections.abc import Sequence

from accounts.imports.staging import Batch
from strategy.imports.keys import key_of

TEAMS = """
    INSERT INTO accounts_team (id, tenant_id, name, manager_id, attributes, source, external_id)
    SELECT {fresh}, %(tenant)s, t.name, coalesce(m.merged_into_id, m.id), t.attributes, %(source)s, t.external_id
    FROM (SELECT DISTINCT ON (s.team_key) s.team_key AS external_id, s.manager_key,
                 left(concat_ws(', ', s.manager, s.office), 120) AS name,
                 jsonb_strip_nulls(jsonb_build_object('regional_office', s.office)) AS attributes
          FROM staged AS s WHERE s.team_key <> '' AND s.outcome IS NULL ORDER BY s.team_key, s.line) AS t
    LEFT JOIN accounts_membership AS m
      ON m.tenant_id = %(tenant)s AND m.source = %(source)s AND m.external_id = t.manager_key
    WHERE NOT EXISTS (SELECT FROM accounts_team AS known WHERE known.tenant_id = %(tenant)s
                      AND known.source = %(source)s AND known.external_id = t.external_id)
    ON CONFLICT (tenant_id, name) DO NOTHING
"""
SETTLE = """
    UPDATE staged AS s SET matched = j.id, digest = j.digest, team_id = j.team_id,
        outcome = CASE WHEN j.id IS NULL THEN 'created' WHEN j.known = j.digest THEN 'unchanged' ELSE 'updated' END
    FROM (SELECT n.line, m.id, m.source_digest AS known, t.id AS team_id,
                 md5(jsonb_build_array(n.agent, n.manager_key, n.office)::text)::uuid AS digest
          FROM staged AS n
          LEFT JOIN accounts_membership AS m
            ON m.tenant_id = %(tenant)s AND m.source = %(source)s AND m.external_id = n.agent_key
          LEFT JOIN accounts_team AS t
            ON t.tenant_id = %(tenant)s AND t.source = %(source)s AND t.external_id = n.team_key) AS j
    WHERE j.line = s.line AND s.outcome IS NULL
"""
# A member who can sign in has a name of their own and a role that an owner gave: a file moves neither.
UPSERT = """
    INSERT INTO accounts_membership AS m
        (id, tenant_id, name, email, role, team_id, is_active, source, external_id, source_digest, created_at)
    SELECT s.id, %(tenant)s, s.agent, '', 'rep', s.team_id, true, %(source)s, s.agent_key, s.digest, %(at)s
    FROM staged AS s WHERE s.outcome IN ('created', 'updated') ORDER BY s.line
    ON CONFLICT (tenant_id, source, external_id) WHERE external_id <> '' DO UPDATE SET
        name = CASE WHEN m.user_id IS NULL THEN excluded.name ELSE m.name END,
        team_id = CASE WHEN m.user_id IS NULL THEN excluded.team_id ELSE coalesce(m.team_id, excluded.team_id) END,
        source_digest = excluded.source_digest
    WHERE m.source_digest IS DISTINCT FROM excluded.source_digest
"""
PLACEHOLDERS = """
    INSERT INTO accounts_membership
        (id, tenant_id, name, email, role, is_active, source, external_id, created_at)
    SELECT {fresh}, %(tenant)s, p.name, '', %(role)s, true, %(source)s, p.key, %(at)s
    FROM (SELECT DISTINCT ON (s.{column}_key) s.{column} AS name, s.{column}_key AS key FROM staged AS s
          WHERE s.{column}_key IS NOT NULL AND s.outcome IS NULL ORDER BY s.{column}_key, s.line) AS p
    WHERE NOT EXISTS (SELECT FROM accounts_membership AS m WHERE m.tenant_id = %(tenant)s
                      AND m.source = %(source)s AND m.external_id = p.key)
    ON CONFLICT DO NOTHING
"""


def absorb_members(batch: Batch) -> None:
    """Settle rows of (agent, manager, office): each agent is a member of their manager's team in an office."""
    batch.run("ALTER TABLE staged ADD COLUMN team_key text, ADD COLUMN team_id uuid")
    batch.run("UPDATE staged SET team_key = concat_ws('|', manager_key, lower(office))")
    ensure_members(batch, "manager", role="manager")
    recognise_members(batch, "agent")
    batch.run(TEAMS.format(fresh=batch.fresh_id))
    batch.run(SETTLE)
    batch.run(UPSERT)


def ensure_members(batch: Batch, column: str, *, role: str) -> None:
    """See to it that everybody named in a column is a member; counts who is new."""
    recognise_members(batch, column)
    statement = PLACEHOLDERS.format(fresh=batch.fresh_id, column=column)
    batch.also(f"{role}s_by_name", batch.run(statement, role=role))


def recognise_members(batch: Batch, column: str) -> None:
    """Members of the same name, whom no source named yet, are taken to be the people of the column; noted."""
    unnamed = batch.rows(
        "SELECT id, name FROM accounts_membership WHERE tenant_id = %(tenant)s AND external_id = '' AND is_active"
    )
    by_key: dict[str, list[object]] = {}
    for member_id, name in unnamed:
        by_key.setdefault(key_of(name), []).append(member_id)
    alone = [(ids[0], key) for key, ids in by_key.items() if len(ids) == 1]
    if alone:
        _recognise(batch, column, alone)


def _recognise(batch: Batch, column: str, alone: Sequence[tuple[object, str]]) -> None:
    found = batch.rows(
        "UPDATE accounts_membership AS m SET source = %(source)s, external_id = u.key"  # noqa: S608 - our own column
        " FROM unnest(%(ids)s::uuid[], %(keys)s::text[]) AS u(id, key)"
        " WHERE m.tenant_id = %(tenant)s AND m.id = u.id"
        f" AND EXISTS (SELECT FROM staged AS s WHERE s.{column}_key = u.key AND s.outcome IS NULL)"
        " AND NOT EXISTS (SELECT FROM accounts_membership AS other WHERE other.tenant_id = %(tenant)s"
        "                 AND other.source = %(source)s AND other.external_id = u.key)"
        " RETURNING m.name, u.key",
        ids=[member_id for member_id, _ in alone],
        keys=[key for _, key in alone],
    )
    for name, key in found:
        batch.note(
            "member_joined",
            column,
            f"SELECT %(name)s, count(*), min(line), NULL FROM staged WHERE {column}_key = %(key)s",  # noqa: S608
            name=name,
            key=key,
        )
