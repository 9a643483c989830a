"""Rows of companies, found again by their names."""

from __future__ import annotations

from accounts.imports.staging import Batch, Rule

RULES = (
    Rule("year_unlikely", "founded", "s.founded NOT BETWEEN 1000 AND extract(year FROM %(today)s::date)"),
    Rule("own_parent", "parent", "s.parent_key = s.name_key"),
)
# A company that somebody entered by hand is the one of that name, if no source named it yet. One that is part of
# another company leads on to it, so it is taken where no other has the name.
RECOGNISE = """
    UPDATE strategy_company AS c SET source = %(source)s, external_id = f.name_key
    FROM (SELECT DISTINCT ON (known.name_key) known.id, known.name_key FROM strategy_company AS known
          WHERE known.tenant_id = %(tenant)s AND known.external_id = ''
            AND known.name_key IN (SELECT s.{column}_key FROM staged AS s WHERE s.outcome IS NULL)
            AND NOT EXISTS (SELECT FROM strategy_company AS other WHERE other.tenant_id = %(tenant)s
                            AND other.source = %(source)s AND other.external_id = known.name_key)
          ORDER BY known.name_key, known.merged_into_id IS NOT NULL, known.created_at) AS f
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
    UPDATE staged AS s SET matched = coalesce(j.merged_into_id, j.id), digest = j.digest,
        leads_on = j.merged_into_id IS NOT NULL,
        outcome = CASE WHEN j.id IS NULL THEN 'created' WHEN j.known = j.digest THEN 'unchanged' ELSE 'updated' END
    FROM (SELECT n.line, c.id, c.merged_into_id, c.source_digest AS known,
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
    FROM staged AS s WHERE s.outcome IN ('created', 'updated') AND NOT s.leads_on ORDER BY s.line
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
# What was found to be the same as another company tells facts of that one, which keeps its name. The last row holds.
LED_ON = """
    UPDATE strategy_company AS c SET
        industry = coalesce(s.industry, c.industry), country = coalesce(s.country, c.country),
        employees = coalesce(s.employees, c.employees), revenue = coalesce(s.revenue, c.revenue),
        revenue_currency = CASE WHEN s.revenue IS NULL THEN c.revenue_currency ELSE %(currency)s END,
        founded = coalesce(s.founded, c.founded), version = c.version + 1, updated_at = %(at)s
    FROM (SELECT DISTINCT ON (matched) * FROM staged WHERE outcome = 'updated' AND leads_on
          ORDER BY matched, line DESC) AS s
    WHERE c.tenant_id = %(tenant)s AND c.id = s.matched
"""
SAID = """
    UPDATE strategy_company AS c SET source_digest = s.digest
    FROM staged AS s WHERE s.outcome = 'updated' AND s.leads_on
      AND c.tenant_id = %(tenant)s AND c.source = %(source)s AND c.external_id = s.name_key
"""
PARENTS = """
    UPDATE strategy_company AS c SET parent_id = j.parent_id, version = c.version + 1, updated_at = %(at)s
    FROM (SELECT DISTINCT ON (child) coalesce(n.merged_into_id, n.id) AS child,
                 coalesce(p.merged_into_id, p.id) AS parent_id
          FROM staged AS s
          JOIN strategy_company AS n
            ON n.tenant_id = %(tenant)s AND n.source = %(source)s AND n.external_id = s.name_key
          JOIN strategy_company AS p
            ON p.tenant_id = %(tenant)s AND p.source = %(source)s AND p.external_id = s.parent_key
          WHERE s.outcome IN ('created', 'updated') ORDER BY child, s.line DESC) AS j
    WHERE c.tenant_id = %(tenant)s AND c.id = j.child AND c.id <> j.parent_id
      AND c.parent_id IS DISTINCT FROM j.parent_id
"""
# A set grows by UNION without doubles, so a loop ends.
LOOPS = """
    WITH RECURSIVE up AS (
        SELECT c.id AS child, c.parent_id AS above FROM staged AS s
        JOIN strategy_company AS n
          ON n.tenant_id = %(tenant)s AND n.source = %(source)s AND n.external_id = s.name_key
        JOIN strategy_company AS c ON c.tenant_id = %(tenant)s AND c.id = coalesce(n.merged_into_id, n.id)
        WHERE s.outcome IN ('created', 'updated') AND s.parent_key IS NOT NULL
        UNION
        SELECT up.child, c.parent_id FROM up
        JOIN strategy_company AS c ON c.tenant_id = %(tenant)s AND c.id = up.above
    ), cut AS (
        UPDATE strategy_company AS c SET parent_id = NULL FROM up
        WHERE up.child = up.above AND c.tenant_id = %(tenant)s AND c.id = up.child
        RETURNING c.external_id
    )
    SELECT s.parent, count(*), min(s.line), NULL FROM staged AS s JOIN cut ON cut.external_id = s.name_key
    WHERE s.outcome IN ('created', 'updated') GROUP BY s.parent
"""


def absorb_companies(batch: Batch) -> None:
    """Settle rows of companies; a parent that no row describes is made by its name."""
    currency = batch.answers["currency"]
    batch.refuse(RULES)
    batch.run("ALTER TABLE staged ADD COLUMN leads_on boolean")
    batch.run(RECOGNISE.format(column="name"))
    batch.run(SETTLE, currency=currency)
    batch.run(UPSERT, currency=currency)
    batch.run(LED_ON, currency=currency)
    batch.run(SAID)
    parents = BY_NAME.format(fresh=batch.fresh_id, column="parent", which="IN ('created', 'updated')")
    batch.also("companies_by_name", batch.run(parents))
    batch.run(PARENTS)
    batch.note("parent_below", "parent", LOOPS)


def ensure_companies(batch: Batch, column: str) -> None:
    """See to it that every company named in a column is there; counts those of which only the name is known."""
    batch.run(RECOGNISE.format(column=column))
    named = BY_NAME.format(fresh=batch.fresh_id, column=column, which="IS NULL")
    batch.also("companies_by_name", batch.run(named))
