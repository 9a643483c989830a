-- What is known of each qualified deal, from base rows; writes only what differs from the stored fact.
-- Parameters: tenant, grade (from which a milestone counts), everything, keys (of the deals to look at).
WITH wanted AS (
    SELECT deal.* FROM strategy_deal AS deal
    WHERE deal.tenant_id = %(tenant)s AND (%(everything)s OR deal.id = ANY (%(keys)s::uuid[]))
      AND deal.qualified_on IS NOT NULL AND NOT deal.is_test AND deal.merged_into_id IS NULL
), reached AS (
    SELECT milestone.deal_id, count(*) AS milestones, max(milestone.reached_on) AS last_on,
           (array_agg(milestone.type_id ORDER BY kind.position DESC))[1] AS type_id
    FROM outcomes_milestone AS milestone
    JOIN outcomes_milestonetype AS kind ON kind.tenant_id = milestone.tenant_id AND kind.id = milestone.type_id
    WHERE milestone.tenant_id = %(tenant)s AND milestone.state = 'reached' AND milestone.grade >= %(grade)s
      AND (%(everything)s OR milestone.deal_id = ANY (%(keys)s::uuid[]))
    GROUP BY milestone.deal_id
), stayed AS (
    SELECT span.deal_id,
           max(span.left_on) FILTER (WHERE span.exit_kind IN ('advance', 'skip')) AS last_on,
           -- The last open stage: for a deal that is over the one in which it ended.
           (array_agg(span.stage_id ORDER BY span.entered_on DESC, span.left_on DESC NULLS FIRST, span.id DESC)
               FILTER (WHERE stage.kind = 'open'))[1] AS stage_id
    FROM strategy_stagespan AS span
    JOIN strategy_stage AS stage ON stage.tenant_id = span.tenant_id AND stage.id = span.stage_id
    WHERE span.tenant_id = %(tenant)s AND (%(everything)s OR span.deal_id = ANY (%(keys)s::uuid[]))
    GROUP BY span.deal_id
), placed AS (
    SELECT wanted.*, coalesce(reached.milestones, 0) AS milestones, reached.type_id,
           coalesce(stayed.stage_id, wanted.stage_id) AS last_stage_id,
           greatest(wanted.qualified_on, reached.last_on, stayed.last_on) AS progress_on
    FROM wanted
    LEFT JOIN reached ON reached.deal_id = wanted.id
    LEFT JOIN stayed ON stayed.deal_id = wanted.id
), worked AS (
    SELECT placed.id AS deal_id, count(*) AS activities, sum(activity.minutes) AS minutes,
           coalesce(sum(activity.minutes) FILTER (WHERE activity.day > placed.progress_on), 0) AS idle
    FROM placed
    JOIN activities_activity AS activity ON activity.tenant_id = placed.tenant_id AND activity.deal_id = placed.id
    WHERE activity.tenant_id = %(tenant)s AND (%(everything)s OR activity.deal_id = ANY (%(keys)s::uuid[]))
    GROUP BY placed.id
), gave AS (
    SELECT activity.deal_id, count(*) AS outputs
    FROM activities_output AS output
    JOIN activities_activity AS activity
      ON activity.tenant_id = output.tenant_id AND activity.id = output.activity_id
    WHERE output.tenant_id = %(tenant)s AND (%(everything)s OR activity.deal_id = ANY (%(keys)s::uuid[]))
    GROUP BY activity.deal_id
)
INSERT INTO outcomes_dealfact AS fact (
    tenant_id, deal_id, qualified_on, observed_from, observed_until, closed_on, end_cause, end_reason_id,
    pipeline_id, stage_id, milestone_type_id, owner_id, amount, won_amount,
    minutes, minutes_after_progress, activities, outputs, milestones, progress_on
)
SELECT placed.tenant_id, placed.id, placed.qualified_on, placed.observed_from, placed.observed_until,
       placed.closed_on, placed.end_cause, placed.end_reason_id,
       placed.pipeline_id, placed.last_stage_id, placed.type_id, placed.owner_at_qualification_id,
       round(placed.amount_at_qualification * placed.rate)::bigint,
       CASE WHEN placed.end_cause = 'won' THEN round(placed.amount * placed.rate)::bigint END,
       coalesce(worked.minutes, 0), coalesce(worked.idle, 0), coalesce(worked.activities, 0),
       coalesce(gave.outputs, 0), placed.milestones, placed.progress_on
FROM placed
LEFT JOIN worked ON worked.deal_id = placed.id
LEFT JOIN gave ON gave.deal_id = placed.id
ON CONFLICT (deal_id) DO UPDATE SET
    qualified_on = excluded.qualified_on, observed_from = excluded.observed_from,
    observed_until = excluded.observed_until, closed_on = excluded.closed_on, end_cause = excluded.end_cause,
    end_reason_id = excluded.end_reason_id, pipeline_id = excluded.pipeline_id, stage_id = excluded.stage_id,
    milestone_type_id = excluded.milestone_type_id, owner_id = excluded.owner_id, amount = excluded.amount,
    won_amount = excluded.won_amount, minutes = excluded.minutes,
    minutes_after_progress = excluded.minutes_after_progress, activities = excluded.activities,
    outputs = excluded.outputs, milestones = excluded.milestones, progress_on = excluded.progress_on
WHERE (
    fact.qualified_on, fact.observed_from, fact.observed_until, fact.closed_on, fact.end_cause, fact.end_reason_id,
    fact.pipeline_id, fact.stage_id, fact.milestone_type_id, fact.owner_id, fact.amount, fact.won_amount,
    fact.minutes, fact.minutes_after_progress, fact.activities, fact.outputs, fact.milestones, fact.progress_on
) IS DISTINCT FROM (
    excluded.qualified_on, excluded.observed_from, excluded.observed_until, excluded.closed_on, excluded.end_cause,
    excluded.end_reason_id, excluded.pipeline_id, excluded.stage_id, excluded.milestone_type_id, excluded.owner_id,
    excluded.amount, excluded.won_amount, excluded.minutes, excluded.minutes_after_progress, excluded.activities,
    excluded.outputs, excluded.milestones, excluded.progress_on
)
