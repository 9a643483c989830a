-- In which order do customers reach the milestones?
-- Parameters: tenant.
SELECT type.id FROM outcomes_milestonetype AS type WHERE type.tenant_id = %(tenant)s ORDER BY type.position
