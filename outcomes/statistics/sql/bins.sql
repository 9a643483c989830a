-- How many deals began to be watched, ended (by cause) or were last seen open at each age in days?
-- A deal that left before it could be watched, or is older than any deal can be, is counted as excluded, under age -1.
-- Parameters: tenant, as_of, oldest.
WITH clock AS (
    SELECT greatest(0, fact.observed_from - fact.qualified_on) AS entry_age,
           CASE WHEN fact.closed_on <= %(as_of)s THEN fact.closed_on
                ELSE least(%(as_of)s, fact.observed_until) END - fact.qualified_on AS exit_age,
           CASE WHEN fact.closed_on <= %(as_of)s THEN fact.end_cause ELSE 'open' END AS kind
    FROM outcomes_dealfact AS fact
    WHERE fact.tenant_id = %(tenant)s AND fact.qualified_on <= %(as_of)s
)
SELECT entry_age AS age, 'entered' AS kind, count(*) AS deals FROM clock WHERE exit_age BETWEEN entry_age AND %(oldest)s GROUP BY 1
UNION ALL
SELECT exit_age, kind, count(*) FROM clock WHERE exit_age BETWEEN entry_age AND %(oldest)s GROUP BY 1, 2
UNION ALL
SELECT -1, 'excluded', count(*) FROM clock WHERE exit_age NOT BETWEEN entry_age AND %(oldest)s
ORDER BY 1, 2
