"""Rows of companies, found again by their names."""

from __future__ import annotations

from accounts.imports.staging import Batch, Rule

RULES = (
    Rule("year_unlikely", "founded", "s.founded NOT BETWEEN 1000 AND extract(year FROM %(today)s::date)"),
    Rule("own_parent", "parent", "s.parent_key = s.name_key"),
)
# A company that somebody entered by hand is the one of that name, if no source named it yet.
RECOGNISE = """
    UPDATE strategy_company AS c SET source = %(source)s, external_id = f.name_key
    FROM (SELECT DISTINCT ON (known.name_key) known.id, known.name_key FROM strategy_company AS known
          WHERE known.tenant_id = %(tenant)s AND known.external_id = ''
            AND known.name_key IN (SELECT s.{column}_key FROM staged AS s WHERE s.outcome IS NULL)
            AND NOT EXISTS (SELECT FROM strategy_company AS other WHERE other.tenant_id = %(tenant)s
                            AND other.source = %(source)s AND other.external_id = known.name_key)
          ORDER BY known.name_key, known.created_at) AS f
    WHERE c.tenant_id = %(tenant)s AND c.id = f.id
"""
BY_NAME = """
    INSERT INTO strategy_company
        (id, tenant_id, name, name_key, domain, industry, country, revenue_currency, attributes, source, external_id,
         created_at)
    SELECT {fresh}, %(tenant)s, n.name, n.key, '', '', '', '', '{{}}', %(source)s, n.key, %(at)s
    FROM (SELECT DISTINCT ON (s.{column}_key) s.{column} AS name, s.{column}_key AS key FROM staged AS s
          WHERE s.{column}_key IS NOT NULL AND s.outcome {which} ORDER BY s.{column}_key, s.line) AS n
    WHERE NOT EXISTS (SELECT FROM strategy_company AS c WHERE c.tenant_id = %(tenant)s
                      AND c.source = %(source)s AND c.external_id = n.key)
    ON CONFLICT DO NOTHING
"""
SETTLE = """
    UPDATE staged AS s SET matched = j.id, digest = j.digest,
        outcome = CASE WHEN j.id IS NULL THEN 'created' WHEN j.known = j.digest THEN 'unchanged' ELSE 'updated' END
    FROM (SELECT n.line, c.id, c.source_digest AS known,
                 md5(jsonb_build_array(n.name, n.industry, n.founded, n.revenue, n.employees, n.country, n.parent_key,
                                       %(currency)s::text)::text)::uuid AS digest
          FROM staged AS n
          LEFT JOIN strategy_company AS c
            ON c.tenant_id = %(tenant)s AND c.source = %(source)s AND c.external_id = n.name_key) AS j
    WHERE j.line = s.line AND s.outcome IS NULL
"""
# What the file leaves empty stays as it is here.
UPSERT = """
    INSERT INTO strategy_company AS c
        (id, tenant_id, name, name_key, domain, industry, country, employees, revenue, revenue_currency, founded,
         attributes, source, external_id, source_digest, created_at)
    SELECT s.id, %(tenant)s, s.name, s.name_key, '', coalesce(s.industry, ''), coalesce(s.country, ''), s.employees,
           s.revenue, CASE WHEN s.revenue IS NULL THEN '' ELSE %(currency)s END, s.founded, '{}', %(source)s,
           s.name_key, s.digest, %(at)s
    FROM staged AS s WHERE s.outcome IN ('created', 'updated') ORDER BY s.line
    ON CONFLICT (tenant_id, source, external_id) WHERE external_id <> '' DO UPDATE SET
        name = excluded.name, name_key = excluded.name_key,
        industry = coalesce(nullif(excluded.industry, ''), c.industry),
        country = coalesce(nullif(excluded.country, ''), c.country),
        employees = coalesce(excluded.employees, c.employees),
        revenue = coalesce(excluded.revenue, c.revenue),
        revenue_currency = coalesce(nullif(excluded.revenue_currency, ''), c.revenue_currency),
        founded = coalesce(excluded.founded, c.founded),
        source_digest = excluded.source_digest, version = c.version + 1, updated_at = %(at)s
    WHERE c.source_digest IS DISTINCT FROM excluded.source_digest
"""
PARENTS = """
    UPDATE strategy_company AS c SET parent_id = p.id, version = c.version + 1, updated_at = %(at)s
    FROM staged AS s JOIN strategy_company AS p
      ON p.tenant_id = %(tenant)s AND p.source = %(source)s AND p.external_id = s.parent_key
    WHERE s.outcome IN ('created', 'updated') AND c.tenant_id = %(tenant)s AND c.source = %(source)s
      AND c.external_id = s.name_key AND c.parent_id IS DISTINCT FROM p.id
"""


def absorb_companies(batch: Batch) -> None:
    """Settle rows of companies; a parent that no row describes is made by its name."""
    currency = batch.answers["currency"]
    batch.refuse(RULES)
    batch.run(RECOGNISE.format(column="name"))
    batch.run(SETTLE, currency=currency)
    batch.run(UPSERT, currency=currency)
    parents = BY_NAME.format(fresh=batch.fresh_id, column="parent", which="IN ('created', 'updated')")
    batch.also("companies_by_name", batch.run(parents))
    batch.run(PARENTS)


def ensure_companies(batch: Batch, column: str) -> None:
    """See to it that every company named in a column is there; counts those of which only the name is known."""
    batch.run(RECOGNISE.format(column=column))
    named = BY_NAME.format(fresh=batch.fresh_id, column=column, which="IS NULL")
    batch.also("companies_by_name", batch.run(named))
