-- How good are the records behind the numbers, and how fast do deals come in and end?
-- Parameters: tenant, as_of.
SELECT count(*) FILTER (WHERE fact.closed_on <= %(as_of)s) AS ends,
       count(*) FILTER (WHERE fact.closed_on <= %(as_of)s AND fact.end_cause <> 'won' AND fact.end_reason_id IS NULL)
           AS ends_without_cause,
       count(*) FILTER (WHERE fact.qualified_on > %(as_of)s::date - 90) AS qualified_lately,
       count(*) FILTER (WHERE fact.closed_on > %(as_of)s::date - 90 AND fact.closed_on <= %(as_of)s) AS closed_lately,
       max(fact.observed_from) AS observed_from,
       count(*) FILTER (WHERE fact.observed_from > fact.qualified_on) AS entered_late,
       max(fact.observed_until) AS observed_until,
       EXISTS (
           SELECT FROM strategy_deal AS deal
           WHERE deal.tenant_id = %(tenant)s AND deal.import_run_id IS NOT NULL AND deal.observed_from IS NULL
             AND deal.qualified_on IS NOT NULL /* owned */
       ) AS window_unknown
FROM outcomes_dealfact AS fact
WHERE fact.tenant_id = %(tenant)s AND fact.qualified_on <= %(as_of)s
