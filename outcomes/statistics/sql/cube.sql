-- Where did the deals qualified up to the day stop or stand: sums by last milestone, stage, cause and reason?
-- Parameters: tenant, as_of.
SELECT fact.milestone_type_id, fact.stage_id,
       CASE WHEN fact.closed_on <= %(as_of)s THEN fact.end_cause ELSE 'open' END AS cause,
       CASE WHEN fact.closed_on <= %(as_of)s THEN fact.end_reason_id END AS reason,
       count(*) AS deals, count(*) FILTER (WHERE fact.amount > 0) AS priced,
       coalesce(sum(fact.amount) FILTER (WHERE fact.amount > 0), 0) AS value,
       coalesce(sum(fact.amount::numeric * fact.amount) FILTER (WHERE fact.amount > 0), 0) AS value_squares,
       sum(fact.minutes) AS minutes, sum(fact.minutes::numeric * fact.minutes) AS minutes_squares,
       sum(fact.minutes_after_progress) AS idle,
       sum(fact.minutes_after_progress::numeric * fact.minutes_after_progress) AS idle_squares,
       sum(fact.minutes_after_progress::numeric * fact.minutes) AS idle_minutes
FROM outcomes_dealfact AS fact
WHERE fact.tenant_id = %(tenant)s AND fact.qualified_on <= %(as_of)s
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
