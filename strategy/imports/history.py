"""What imported rows say of the past of their deals: spans, and events that are only ever added.

Events carry the day on which something happened and the moment of the import as the one when we learned of it.
Where the file has no day for a change, it is the last day the file knows of.
"""

from __future__ import annotations

from accounts.imports.staging import Batch
from strategy.imports.stages import ImportedPipeline

# Keys end in the event's turn, so that events of one moment keep their order.
EVENT_ID = "overlay(gen_random_uuid()::text placing %(stamp)s || lpad(e.turn::text, 3, '0') from 1 for 18)::uuid"

EVENTS_OF_NEW = """
    INSERT INTO strategy_dealevent
        (id, tenant_id, deal_id, kind, effective_on, recorded_at, actor_id, import_run_id, data)
    SELECT {event_id}, %(tenant)s, s.matched, e.kind, e.day, %(at)s, %(actor)s, %(run)s, e.data
    FROM staged AS s CROSS JOIN LATERAL (VALUES
        (1, 'opened', s.qualified_on, true, jsonb_build_object('stage', jsonb_build_array(NULL, s.stage))),
        (2, 'qualified', s.qualified_on, s.qualified_on IS NOT NULL,
            jsonb_build_object('amount', jsonb_build_array(NULL, s.price))),
        (3, 'closed', s.closed_on, s.kind <> 'open', jsonb_build_object(
            'stage', jsonb_build_array(%(worked_in_name)s::text, s.stage),
            'amount', jsonb_build_array(s.price, s.amount)))
    ) AS e(turn, kind, day, happened, data)
    WHERE s.outcome = 'created' AND e.happened ORDER BY s.line, e.turn
"""
# A deal with a day of qualification has been in the stage in which deals are worked since then.
STAGES_OF_NEW = """
    INSERT INTO strategy_stagespan
        (id, tenant_id, deal_id, stage_id, entered_on, left_on, exit_kind, left_for_id, episode)
    SELECT {fresh}, %(tenant)s, s.matched,
           CASE WHEN s.kind = 'open' THEN s.stage_id ELSE %(worked_in)s END,
           s.qualified_on, s.closed_on, CASE WHEN s.kind = 'open' THEN '' ELSE s.kind END,
           CASE WHEN s.kind <> 'open' THEN s.stage_id END, 1
    FROM staged AS s
    WHERE s.outcome = 'created' AND s.qualified_on IS NOT NULL
      AND (s.kind = 'open' OR %(worked_in)s::uuid IS NOT NULL) ORDER BY s.line
"""
OWNERS_OF_NEW = """
    INSERT INTO strategy_ownerspan (id, tenant_id, deal_id, owner_id, from_on, until_on)
    SELECT {fresh}, %(tenant)s, s.matched, s.owner_id, s.qualified_on, NULL
    FROM staged AS s
    WHERE s.outcome = 'created' AND s.qualified_on IS NOT NULL AND s.owner_id IS NOT NULL ORDER BY s.line
"""
EVENTS_OF_CHANGES = """
    INSERT INTO strategy_dealevent
        (id, tenant_id, deal_id, kind, effective_on, recorded_at, actor_id, import_run_id, data)
    SELECT {event_id}, %(tenant)s, d.id, e.kind, e.day, %(at)s, %(actor)s, %(run)s, e.data
    FROM staged AS s
    JOIN before AS b ON b.line = s.line
    JOIN strategy_deal AS d ON d.tenant_id = %(tenant)s AND d.id = s.matched
    CROSS JOIN LATERAL (SELECT coalesce(%(observed_until)s, %(today)s)::date AS known,
                               CASE WHEN s.stage_id = %(worked_in)s THEN s.qualified_on END AS worked_since) AS w
    CROSS JOIN LATERAL (VALUES
        (1, 'qualified', d.qualified_on, b.qualified_on IS NULL AND d.qualified_on IS NOT NULL,
            jsonb_build_object('amount', jsonb_build_array(NULL, d.amount_at_qualification))),
        (2, 'corrected', w.known, b.qualified_on IS NOT NULL AND b.qualified_on IS DISTINCT FROM d.qualified_on,
            jsonb_build_object('qualified_on', jsonb_build_array(b.qualified_on, d.qualified_on))),
        (3, 'corrected', w.known, b.qualified_on IS NOT NULL AND d.qualified_on IS NOT NULL
            AND b.amount_at_qualification IS DISTINCT FROM d.amount_at_qualification,
            jsonb_build_object('amount_at_qualification',
                               jsonb_build_array(b.amount_at_qualification, d.amount_at_qualification))),
        (4, 'reassigned', w.known, b.owner_id IS DISTINCT FROM d.owner_id,
            jsonb_build_object('owner', jsonb_build_array(b.owner_id, d.owner_id))),
        (5, 'reopened', w.known, b.end_cause <> '' AND d.end_cause = '',
            jsonb_build_object('ended', jsonb_build_array(jsonb_build_array(b.end_cause, b.closed_on), NULL),
                               'stage', jsonb_build_array(NULL, s.stage))),
        (6, 'moved', coalesce(w.worked_since, w.known),
            b.end_cause = '' AND d.end_cause = '' AND b.stage_id <> d.stage_id,
            jsonb_build_object('stage', jsonb_build_array(b.stage, s.stage))),
        (7, 'repriced', w.known, d.end_cause = '' AND b.amount IS DISTINCT FROM d.amount,
            jsonb_build_object('amount', jsonb_build_array(b.amount, d.amount))),
        (8, 'closed', d.closed_on, b.end_cause = '' AND d.end_cause <> '',
            jsonb_build_object('stage', jsonb_build_array(b.stage, s.stage),
                               'amount', jsonb_build_array(b.amount, d.amount))),
        (9, 'corrected', w.known, b.end_cause <> '' AND d.end_cause <> ''
            AND (b.end_cause, b.closed_on, b.amount) IS DISTINCT FROM (d.end_cause, d.closed_on, d.amount),
            jsonb_build_object('stage', jsonb_build_array(b.stage, s.stage),
                               'closed_on', jsonb_build_array(b.closed_on, d.closed_on),
                               'amount', jsonb_build_array(b.amount, d.amount)))
    ) AS e(turn, kind, day, happened, data)
    WHERE e.happened ORDER BY s.line, e.turn
"""
# Spans of other stages that a change leaves behind end with it.
STAGES_LEFT = """
    UPDATE strategy_stagespan AS p SET
        left_on = greatest(p.entered_on, coalesce(d.closed_on, d.entered_stage_on, %(observed_until)s, %(today)s)),
        left_for_id = d.stage_id,
        exit_kind = CASE WHEN d.end_cause <> '' THEN d.end_cause
            WHEN (SELECT g.position FROM strategy_stage AS g WHERE g.tenant_id = %(tenant)s AND g.id = d.stage_id)
               < (SELECT g.position FROM strategy_stage AS g WHERE g.tenant_id = %(tenant)s AND g.id = p.stage_id)
            THEN 'back' ELSE 'advance' END
    FROM staged AS s
    JOIN before AS b ON b.line = s.line
    JOIN strategy_deal AS d ON d.tenant_id = %(tenant)s AND d.id = s.matched
    WHERE p.tenant_id = %(tenant)s AND p.deal_id = d.id AND p.left_on IS NULL
      AND (d.end_cause <> '' OR p.stage_id <> d.stage_id)
"""
# What the file says of a stay that we know already: another day of qualification, another end.
STAGES_CORRECTED = """
    UPDATE strategy_stagespan AS p SET
        entered_on = CASE WHEN d.episode = 1 AND first.id = p.id THEN d.qualified_on ELSE p.entered_on END,
        left_on = CASE WHEN p.left_on IS NOT NULL AND d.end_cause <> '' AND last.id = p.id
                       THEN d.closed_on ELSE p.left_on END,
        exit_kind = CASE WHEN p.left_on IS NOT NULL AND d.end_cause <> '' AND last.id = p.id
                         THEN d.end_cause ELSE p.exit_kind END,
        left_for_id = CASE WHEN p.left_on IS NOT NULL AND d.end_cause <> '' AND last.id = p.id
                           THEN d.stage_id ELSE p.left_for_id END
    FROM staged AS s
    JOIN before AS b ON b.line = s.line
    JOIN strategy_deal AS d ON d.tenant_id = %(tenant)s AND d.id = s.matched
    CROSS JOIN LATERAL (SELECT o.id FROM strategy_stagespan AS o WHERE o.tenant_id = %(tenant)s AND o.deal_id = d.id
                        ORDER BY o.entered_on, o.id LIMIT 1) AS first
    CROSS JOIN LATERAL (SELECT o.id FROM strategy_stagespan AS o WHERE o.tenant_id = %(tenant)s AND o.deal_id = d.id
                        ORDER BY o.entered_on DESC, o.id DESC LIMIT 1) AS last
    WHERE p.tenant_id = %(tenant)s AND p.deal_id = d.id AND p.id IN (first.id, last.id)
      AND d.qualified_on IS NOT NULL
      AND CASE WHEN d.episode = 1 AND first.id = p.id THEN d.qualified_on ELSE p.entered_on END
          <= coalesce(CASE WHEN p.left_on IS NOT NULL AND d.end_cause <> '' AND last.id = p.id
                           THEN d.closed_on ELSE p.left_on END, 'infinity')
"""
STAGES_ENTERED = """
    INSERT INTO strategy_stagespan
        (id, tenant_id, deal_id, stage_id, entered_on, left_on, exit_kind, left_for_id, episode)
    SELECT {fresh}, %(tenant)s, d.id, CASE WHEN d.end_cause = '' THEN d.stage_id ELSE %(worked_in)s END,
           CASE WHEN d.end_cause = '' THEN coalesce(d.entered_stage_on, d.qualified_on) ELSE d.qualified_on END,
           d.closed_on, d.end_cause, CASE WHEN d.end_cause <> '' THEN d.stage_id END, d.episode
    FROM staged AS s
    JOIN before AS b ON b.line = s.line
    JOIN strategy_deal AS d ON d.tenant_id = %(tenant)s AND d.id = s.matched
    WHERE coalesce(d.entered_stage_on, d.qualified_on) IS NOT NULL
      AND CASE WHEN d.end_cause = ''
          THEN NOT EXISTS (SELECT FROM strategy_stagespan AS p WHERE p.tenant_id = %(tenant)s AND p.deal_id = d.id
                           AND p.left_on IS NULL)
          ELSE d.qualified_on IS NOT NULL AND %(worked_in)s::uuid IS NOT NULL
               AND NOT EXISTS (SELECT FROM strategy_stagespan AS p WHERE p.tenant_id = %(tenant)s AND p.deal_id = d.id)
          END
"""
OWNERS_LEFT = """
    UPDATE strategy_ownerspan AS p SET until_on = greatest(p.from_on, coalesce(%(observed_until)s, %(today)s))
    FROM staged AS s JOIN before AS b ON b.line = s.line
    WHERE p.tenant_id = %(tenant)s AND p.deal_id = s.matched AND p.until_on IS NULL
      AND p.owner_id IS DISTINCT FROM s.owner_id
"""
OWNERS_ENTERED = """
    INSERT INTO strategy_ownerspan (id, tenant_id, deal_id, owner_id, from_on, until_on)
    SELECT {fresh}, %(tenant)s, s.matched, s.owner_id,
           CASE WHEN EXISTS (SELECT FROM strategy_ownerspan AS p WHERE p.tenant_id = %(tenant)s
                             AND p.deal_id = s.matched)
                THEN coalesce(%(observed_until)s, %(today)s) ELSE s.qualified_on END, NULL
    FROM staged AS s JOIN before AS b ON b.line = s.line
    WHERE s.owner_id IS NOT NULL AND s.qualified_on IS NOT NULL
      AND NOT EXISTS (SELECT FROM strategy_ownerspan AS p WHERE p.tenant_id = %(tenant)s AND p.deal_id = s.matched
                      AND p.until_on IS NULL)
"""


def write_history_of_new(batch: Batch, pipeline: ImportedPipeline) -> None:
    """What new deals went through, as far as the file knows: days that it does not have are not made up."""
    worked_in = pipeline.worked_in
    batch.run(EVENTS_OF_NEW.format(event_id=EVENT_ID), actor=batch.actor_id, worked_in_name=pipeline.worked_in_name)
    batch.run(STAGES_OF_NEW.format(fresh=batch.fresh_id), worked_in=worked_in)
    batch.run(OWNERS_OF_NEW.format(fresh=batch.fresh_id))


def write_history_of_changes(batch: Batch, pipeline: ImportedPipeline) -> None:
    """The difference between what the table `before` kept of known deals and what they are now."""
    worked_in = pipeline.worked_in
    batch.run(EVENTS_OF_CHANGES.format(event_id=EVENT_ID), actor=batch.actor_id, worked_in=worked_in)
    batch.run(STAGES_LEFT)
    batch.run(STAGES_CORRECTED)
    batch.run(STAGES_ENTERED.format(fresh=batch.fresh_id), worked_in=worked_in)
    batch.run(OWNERS_LEFT)
    batch.run(OWNERS_ENTERED.format(fresh=batch.fresh_id))
