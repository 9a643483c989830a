-- Drop the facts of deals that are gone, merged, marked as tests, or no longer qualified.
-- Parameters: tenant, everything, keys.
DELETE FROM outcomes_dealfact AS fact
WHERE fact.tenant_id = %(tenant)s AND (%(everything)s OR fact.deal_id = ANY (%(keys)s::uuid[]))
  AND NOT EXISTS (
      SELECT FROM strategy_deal AS deal
      WHERE deal.tenant_id = %(tenant)s AND deal.id = fact.deal_id
        AND deal.qualified_on IS NOT NULL AND NOT deal.is_test AND deal.merged_into_id IS NULL
  )
