-- Whose are the deals, of those that these people own now, which the statistics of a day count?
-- Parameters: tenant, as_of, people.
SELECT DISTINCT deal.owner_id
FROM outcomes_dealfact AS fact
JOIN strategy_deal AS deal ON deal.tenant_id = fact.tenant_id AND deal.id = fact.deal_id
WHERE fact.tenant_id = %(tenant)s AND fact.qualified_on <= %(as_of)s AND deal.owner_id = ANY (%(people)s::uuid[])
