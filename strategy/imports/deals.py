"""Rows of deals: where each stands, when it was qualified, when and how it ended, and what that says of its history.

History is written for what is new or different: events with the day they happened and the moment we learned of it,
stage spans, owner spans. A row that says what it said last time changes nothing, whatever was changed here since.
"""

from __future__ import annotations

from accounts.imports.staging import Batch, Rule
from strategy.imports.companies import ensure_companies
from strategy.imports.history import write_history_of_changes, write_history_of_new
from strategy.imports.keys import key_of
from strategy.imports.people import ensure_members
from strategy.imports.stages import ImportedPipeline

RULES = (
    Rule("unknown_stage", "stage", "s.stage_id IS NULL"),
    Rule("over_without_day", "closed_on", "s.kind <> 'open' AND s.closed_on IS NULL"),
    Rule("open_with_end", "closed_on", "s.kind = 'open' AND s.closed_on IS NOT NULL"),
    Rule("ends_before_it_began", "closed_on", "s.closed_on < s.qualified_on"),
    Rule("in_the_future", "qualified_on", "s.qualified_on > %(today)s"),
    Rule("in_the_future", "closed_on", "s.closed_on > %(today)s"),
    Rule("after_the_window", "qualified_on", "s.qualified_on > %(observed_until)s AND s.qualified_on <= %(today)s"),
    Rule("after_the_window", "closed_on", "s.closed_on > %(observed_until)s AND s.closed_on <= %(today)s"),
)
COLUMNS = """
    ALTER TABLE staged ADD COLUMN stage_id uuid, ADD COLUMN kind text, ADD COLUMN price bigint,
        ADD COLUMN product_name text, ADD COLUMN company_id uuid, ADD COLUMN owner_id uuid
"""
LOOK_UP = """
    UPDATE staged AS s SET stage_id = j.stage_id, kind = j.kind, price = j.price,
        product_name = coalesce(j.product, s.product)
    FROM (SELECT n.line, g.id AS stage_id, g.kind, p.price, p.product FROM staged AS n
          LEFT JOIN list_stages AS g ON g.key = n.stage_key
          LEFT JOIN list_products AS p ON p.product_key = n.product_key) AS j
    WHERE j.line = s.line
"""
# The digest is of what the file says, not of what is here; a price counts only when a price list was sent.
SETTLE = """
    UPDATE staged AS s SET company_id = j.company_id, owner_id = j.owner_id, matched = coalesce(j.deal_id, s.id),
        digest = j.digest,
        outcome = CASE
            WHEN j.deal_id IS NULL THEN 'created'
            WHEN j.known = j.digest
                 AND (s.price IS NULL OR s.qualified_on IS NULL OR j.amount_at_qualification = s.price) THEN 'unchanged'
            ELSE 'updated' END
    FROM (SELECT n.line, coalesce(c.merged_into_id, c.id) AS company_id,
                 coalesce(m.merged_into_id, m.id) AS owner_id, d.id AS deal_id,
                 d.source_digest AS known, d.amount_at_qualification,
                 md5(jsonb_build_array(
                     n.product_key, n.account_key, n.stage_key, n.kind, n.agent_key, n.qualified_on, n.closed_on,
                     n.amount, %(currency)s::text, %(rate)s::text, %(observed_from)s::date, %(observed_until)s::date
                 )::text)::uuid AS digest
          FROM staged AS n
          LEFT JOIN strategy_company AS c
            ON c.tenant_id = %(tenant)s AND c.source = %(source)s AND c.external_id = n.account_key
          LEFT JOIN accounts_membership AS m
            ON m.tenant_id = %(tenant)s AND m.source = %(source)s AND m.external_id = n.agent_key
          LEFT JOIN strategy_deal AS d
            ON d.tenant_id = %(tenant)s AND d.source = %(source)s AND d.external_id = n.external_id) AS j
    WHERE j.line = s.line AND s.outcome IS NULL
"""
# What figures count of a deal that is known, on days that the organisation has closed: its qualification and its end.
# That it was opened again is news.
KNOWN = (
    "s.outcome = 'updated' AND EXISTS"
    " (SELECT FROM strategy_deal AS d WHERE d.tenant_id = %(tenant)s AND d.id = s.matched"
)
CLOSED_RULES = (
    Rule("closed_period", "qualified_on", "s.outcome = 'created' AND s.qualified_on <= %(closed_until)s"),
    Rule("closed_period", "closed_on", "s.outcome = 'created' AND s.closed_on <= %(closed_until)s"),
    Rule(
        "closed_period",
        "qualified_on",
        f"{KNOWN} AND least(d.qualified_on, s.qualified_on) <= %(closed_until)s"
        " AND (d.qualified_on, d.currency, d.rate, d.amount_at_qualification, d.owner_at_qualification_id)"
        " IS DISTINCT FROM (s.qualified_on, %(currency)s::text, round(%(rate)s::numeric, 8),"
        " coalesce(s.price, d.amount_at_qualification), coalesce(d.owner_at_qualification_id, s.owner_id)))",
    ),
    Rule(
        "closed_period",
        "closed_on",
        f"{KNOWN} AND s.kind <> 'open' AND least(d.closed_on, s.closed_on) <= %(closed_until)s"
        " AND (d.end_cause, d.closed_on, d.amount) IS DISTINCT FROM (s.kind, s.closed_on, s.amount))",
    ),
)
BEFORE = """
    CREATE TEMPORARY TABLE before ON COMMIT DROP AS
    SELECT s.line, d.stage_id, d.owner_id, d.amount_at_qualification, d.amount, d.opened_on, d.qualified_on,
           d.closed_on, d.end_cause, d.episode,
           (SELECT g.name FROM strategy_stage AS g WHERE g.tenant_id = %(tenant)s AND g.id = d.stage_id) AS stage
    FROM staged AS s
    JOIN strategy_deal AS d ON d.tenant_id = %(tenant)s AND d.id = s.matched
    WHERE s.outcome = 'updated'
"""
LOCK = """
    SELECT count(*) FROM (SELECT FROM strategy_deal AS d JOIN staged AS s ON s.matched = d.id
    WHERE d.tenant_id = %(tenant)s AND s.outcome = 'updated' FOR UPDATE OF d) AS held
"""
# A lost deal's 0 stays 0. An open one is worth its list price until somebody says otherwise.
UPSERT = """
    WITH kept AS (
        INSERT INTO strategy_deal AS d
            (id, tenant_id, name, company_id, pipeline_id, stage_id, owner_id, owner_at_qualification_id, currency,
             rate, rate_date, amount_at_qualification, amount, opened_on, qualified_on, qualification_note,
             entered_stage_on, closed_on, closed_recorded_at, end_cause, episode, observed_from, observed_until,
             is_test, attributes, source, external_id, source_digest, import_run_id, version, created_at, updated_at)
        SELECT s.id, %(tenant)s,
               left(coalesce(nullif(concat_ws(' for ', s.product_name, s.account), ''), s.external_id), 200),
               s.company_id, %(pipeline)s, s.stage_id, s.owner_id,
               CASE WHEN s.qualified_on IS NOT NULL THEN s.owner_id END,
               %(currency)s, %(rate)s::numeric,
               CASE WHEN %(rate)s::numeric = 1 THEN s.qualified_on ELSE %(today)s END,
               CASE WHEN s.qualified_on IS NOT NULL THEN s.price END,
               CASE WHEN s.kind = 'open' THEN coalesce(s.amount, s.price) ELSE s.amount END,
               s.qualified_on, s.qualified_on, '',
               CASE WHEN s.kind <> 'open' THEN s.closed_on
                    WHEN s.stage_id = %(worked_in)s THEN s.qualified_on END,
               s.closed_on, CASE WHEN s.kind <> 'open' THEN %(at)s END,
               CASE WHEN s.kind = 'open' THEN '' ELSE s.kind END,
               1, %(observed_from)s, %(observed_until)s, false,
               jsonb_strip_nulls(jsonb_build_object('product', s.product_name)),
               %(source)s, s.external_id, s.digest, %(run)s, 1, %(at)s, %(at)s
        FROM staged AS s WHERE s.outcome IN ('created', 'updated') ORDER BY s.line
        ON CONFLICT (tenant_id, source, external_id) WHERE external_id <> '' DO UPDATE SET
            name = CASE WHEN %(has_prices)s THEN excluded.name ELSE d.name END,
            company_id = coalesce(excluded.company_id, d.company_id),
            pipeline_id = excluded.pipeline_id, stage_id = excluded.stage_id, owner_id = excluded.owner_id,
            owner_at_qualification_id = coalesce(d.owner_at_qualification_id, excluded.owner_at_qualification_id),
            currency = excluded.currency, rate = excluded.rate, rate_date = excluded.rate_date,
            amount_at_qualification = CASE WHEN excluded.qualified_on IS NOT NULL
                THEN coalesce(excluded.amount_at_qualification, d.amount_at_qualification) END,
            amount = CASE WHEN excluded.end_cause = '' THEN coalesce(excluded.amount, d.amount)
                          ELSE excluded.amount END,
            opened_on = coalesce(excluded.opened_on, d.opened_on), qualified_on = excluded.qualified_on,
            entered_stage_on = coalesce(excluded.entered_stage_on, CASE WHEN d.stage_id = excluded.stage_id
                THEN d.entered_stage_on ELSE %(observed_until)s END),
            closed_on = excluded.closed_on,
            closed_recorded_at = CASE WHEN d.end_cause = excluded.end_cause AND d.closed_on = excluded.closed_on
                THEN d.closed_recorded_at ELSE excluded.closed_recorded_at END,
            end_cause = excluded.end_cause,
            end_reason_id = CASE WHEN d.end_cause = excluded.end_cause THEN d.end_reason_id END,
            episode = d.episode + CASE WHEN d.end_cause <> '' AND excluded.end_cause = '' THEN 1 ELSE 0 END,
            observed_from = excluded.observed_from, observed_until = excluded.observed_until,
            attributes = CASE WHEN %(has_prices)s THEN d.attributes || excluded.attributes ELSE d.attributes END,
            source_digest = excluded.source_digest, import_run_id = excluded.import_run_id,
            version = d.version + 1, updated_at = excluded.updated_at
        RETURNING d.id, d.external_id)
    UPDATE staged AS s SET matched = kept.id FROM kept WHERE kept.external_id = s.external_id
"""
COUNTED = "count(*), min(line), NULL FROM staged WHERE outcome <> 'refused' AND"
NOTES = (
    (
        "product_joined",
        "product",
        "SELECT product, count(*), min(line), jsonb_build_object('to', product_name) FROM staged"
        " WHERE outcome <> 'refused' AND price IS NOT NULL AND product <> product_name GROUP BY product, product_name",
    ),
    (
        "company_joined",
        "account",
        "SELECT s.account, count(*), min(s.line), jsonb_build_object('to', c.name) FROM staged AS s"
        " JOIN strategy_company AS c ON c.tenant_id = %(tenant)s AND c.id = s.company_id"
        " WHERE s.outcome <> 'refused' AND s.account <> c.name GROUP BY s.account, c.name",
    ),
    (
        "owner_joined",
        "agent",
        "SELECT s.agent, count(*), min(s.line), jsonb_build_object('to', m.name) FROM staged AS s"
        " JOIN accounts_membership AS m ON m.tenant_id = %(tenant)s AND m.id = s.owner_id"
        " WHERE s.outcome <> 'refused' AND s.agent <> m.name GROUP BY s.agent, m.name",
    ),
    (
        "price_unknown",
        "product",
        "SELECT product, count(*), min(line), NULL FROM staged WHERE outcome <> 'refused' AND %(has_prices)s"
        " AND price IS NULL AND product IS NOT NULL GROUP BY product ORDER BY count(*) DESC LIMIT 100",
    ),
    ("no_company", "account", f"SELECT '', {COUNTED} account_key IS NULL HAVING count(*) > 0"),
    (
        "not_qualified_yet",
        "qualified_on",
        f"SELECT '', {COUNTED} qualified_on IS NULL AND kind = 'open' HAVING count(*) > 0",
    ),
    (
        "never_qualified",
        "qualified_on",
        f"SELECT '', {COUNTED} qualified_on IS NULL AND kind <> 'open' HAVING count(*) > 0",
    ),
    (
        "before_the_window",
        "closed_on",
        f"SELECT '', {COUNTED} closed_on < %(observed_from)s HAVING count(*) > 0",
    ),
)


def absorb_deals(batch: Batch, pipeline: ImportedPipeline) -> None:
    """Settle rows of deals, with the price list of the run (`list_products`, which may be empty)."""
    values = {
        "pipeline": pipeline.id,
        "worked_in": pipeline.worked_in,
        "currency": batch.answers["currency"],
        "rate": batch.answers["rate"],
        "has_prices": "products" in batch.listed,
    }
    _look_up(batch, pipeline)
    batch.refuse(RULES)
    ensure_companies(batch, "account")
    ensure_members(batch, "agent", role="rep")
    batch.run(SETTLE, **values)
    batch.run("ANALYZE staged (line, matched, outcome)")  # or a plan is made for one row of thousands
    if batch.closed_until is not None:
        batch.refuse(CLOSED_RULES, currency=values["currency"], rate=values["rate"])
    changes = batch.rows("SELECT count(*) FROM staged WHERE outcome = 'updated'")[0][0]
    if changes:
        batch.rows(LOCK)
        batch.run("DROP TABLE IF EXISTS pg_temp.before")
        batch.run(BEFORE)
        batch.run("ANALYZE before")
    batch.run(UPSERT, **values)
    write_history_of_new(batch, pipeline)
    if changes:
        write_history_of_changes(batch, pipeline)
    for code, column, question in NOTES:
        batch.note(code, column, question, **values)


def _look_up(batch: Batch, pipeline: ImportedPipeline) -> None:
    stages = [(number, key_of(stage.name), stage.pk, stage.kind) for number, stage in enumerate(pipeline.stages)]
    batch.list_up("stages", [("key", "text"), ("id", "uuid"), ("kind", "text")], stages)
    batch.run(COLUMNS)
    batch.run(LOOK_UP)
