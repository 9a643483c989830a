"""What the examples of the API send, and what is made or found first for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What fields of these names hold in examples, where the operation has no example of its own.
USUAL: Mapping[str, Any] = {
    "name": "Leak analytics",
    "amount": 1_250_000,
    "currency": "EUR",
    "at": "$(date -u +%FT%TZ)",
    "minutes": 25,
    "words": "We want this before the audit.",
    "evidence": "https://example.com/minutes.pdf",
    "note": "They asked us.",
    "email": "nina@example.com",
}
# Bodies that say more than what is needed, by what the operation is called.
BODIES: Mapping[str, Mapping[str, Any]] = {
    "create_deal": {"name": "Leak analytics", "company": "$COMPANY", "amount": 1_250_000, "currency": "EUR"},
    "create_activity": {
        "type": "$ACTIVITY_TYPE",
        "at": "$(date -u +%FT%TZ)",
        "deal": "$DEAL",
        "minutes": 25,
        "outputs": [{"type": "$OUTPUT_TYPE", "note": "They wrote back"}],
    },
    "change_activity": {"minutes": 40, "purpose_reached": True},
    "put_activity": {"type": "$ACTIVITY_TYPE", "at": "$(date -u +%FT%TZ)", "minutes": 25},
    "upsert_activities": {
        "items": [
            {
                "source": "mail",
                "external_id": "4711",
                "type": "$ACTIVITY_TYPE",
                "at": "$(date -u +%FT%TZ)",
                "minutes": 10,
            }
        ]
    },
    "create_output": {"activity": "$ACTIVITY", "type": "$OUTPUT_TYPE", "note": "Loss map"},
    "change_output": {"note": "Loss map of three regions"},
    "create_activity_type": {"name": "Site visit $(date +%s%N)", "icon": "company", "usual_minutes": 90},
    "change_activity_type": {"usual_minutes": 60},
    "create_milestone_type": {
        "name": "Pilot agreed $(date +%s%N)",
        "statement": "The customer agrees on a pilot and on how it is judged.",
    },
    # Few are in use at a time: the example makes room again.
    "change_milestone_type": {"is_archived": True},
    "create_milestone_event": {"kind": "evidenced", "evidence": "https://example.com/letter.pdf"},
    "create_output_type": {"name": "Measurements sent $(date +%s%N)"},
    "change_output_type": {"is_archived": True},
    "move_deal": {"stage": "$STAGE"},
    "update_deal": {"amount": 1_100_000, "expected_close_on": "2030-01-31"},
    "put_deal": {"name": "Leak analytics", "amount": 1_250_000},
    "upsert_deals": {"items": [{"source": "crm", "external_id": "4711", "name": "Leak analytics"}]},
    "bulk_edit_deals": {"deals": ["$DEAL"], "change": {"expected_close_on": "2030-01-31"}},
    "merge_deal": {"gone": "$GONE"},
    "undo_deal_merge": {},
    "create_strategy": {"name": "Mid-market $(date +%s%N)", "template": "mid_market_direct"},
    "change_strategy": {"name": "Mid-market $(date +%s%N)"},
    "create_token": {"name": "Nightly report", "scopes": ["deals:read"]},
    "create_team": {"name": "Field sales $(date +%s%N)"},
    "change_team": {"name": "Field sales $(date +%s%N)"},
    "create_company": {"name": "Alder Foods", "domain": "alderfoods.com", "industry": "Food", "tags": ["Dairy"]},
    "change_company": {"industry": "Food", "employees": 1200},
    "put_company": {"name": "Alder Foods", "domain": "alderfoods.com"},
    "upsert_companies": {"items": [{"source": "crm", "external_id": "4711", "name": "Alder Foods"}]},
    "merge_company": {"gone": "$GONE"},
    "undo_company_merge": {},
    "create_contact": {"name": "Nina Berg", "title": "Plant manager", "email": "nina@example.com"},
    "change_contact": {"title": "Plant manager"},
    "put_contact": {"name": "Nina Berg", "email": "nina@example.com"},
    "upsert_contacts": {"items": [{"source": "crm", "external_id": "4711", "name": "Nina Berg"}]},
    "merge_contact": {"gone": "$GONE"},
    "undo_contact_merge": {},
    "create_attribute": {"of": "deal", "name": "Fleet size", "key": "fleet_$(date +%s%N)", "kind": "number"},
    "change_attribute": {"name": "Number of lorries"},
    "put_buying_role": {"role": "champion"},
    "create_pipeline": {"name": "Renewals $(date +%s%N)"},
    "change_pipeline": {"name": "Renewals $(date +%s%N)"},
    "create_stage": {"pipeline": "$PIPELINE", "name": "Pilot $(date +%s%N)", "patience_days": 30},
    "change_stage": {"patience_days": 45},
    "create_end_reason": {"kind": "lost", "name": "Price $(date +%s%N)"},
    "change_end_reason": {"is_archived": True},
    "create_competitor": {"name": "Halden $(date +%s%N)"},
    "change_competitor": {"is_archived": True},
    "create_deal_source": {"name": "Hannover fair $(date +%s%N)"},
    "change_deal_source": {"is_archived": True},
    # A day long ago, of which nobody has written down a rate.
    "create_exchange_rate": {"currency": "ISK", "from_on": "$(date -d @$(date +%N) +%F)", "rate": "0.0069"},
    "create_confirmation": {
        "deal": "$DEAL",
        "type": "$MILESTONE_TYPE",
        "name": "Nina Berg",
        "statement": "Leakage from 18% to 12%, before 2029.",
        "channel": "link",
    },
    "create_invitation": {"email": "nina.$(date +%s%N)@example.com", "role": "rep"},
    "create_mutual_step": {"deal": "$DEAL", "name": "Security review", "due_on": "2030-01-31"},
    "change_mutual_step": {"due_on": "2030-02-28"},
    "create_plan": {"type": "$ACTIVITY_TYPE", "span": "week", "on": "$(date +%F)", "purpose": "Agree on the goal"},
    "change_plan": {"purpose": "Agree on what they want"},
    "move_plan": {"on": "$(date -d +21days +%F)", "note": "They are ill"},
    "drop_plan": {"note": "They wait for spring"},
    "create_target": {
        "type": "$ACTIVITY_TYPE",
        "number": 5,
        "per": "week",
        "milestone": "$MILESTONE_TYPE",
        "why": "Each third call names what they want",
        "from_on": "2026-11-16",
    },
    "change_target": {"number": 4},
    "create_conversation": {"company": "$COMPANY", "prompt": "markets", "question": "What changes by 2029?"},
    "change_conversation": {"heard": "They must prove loss by district.", "themes": ["2029 rules"]},
    "create_webhook": {"url": "https://1.1.1.1/events", "types": ["deal.moved", "deal.closed"]},
    "change_webhook": {"types": ["deal.moved"]},
    # The name that they have: nobody's changes because somebody has tried an example.
    "change_member": {"name": "$NAME"},
    "update_organisation": {"name": "$NAME"},
}
# How a row is made of which an example is about to change something.
MADE: Mapping[str, Mapping[str, Any]] = {
    "deals": {"name": "Leak analytics"},
    "tokens": {"name": "For an hour", "scopes": ["deals:read"]},
    "strategies": BODIES["create_strategy"],
    "companies": {"name": "Alder Foods"},
    "contacts": {"name": "Nina Berg"},
    "attributes": BODIES["create_attribute"],
    "teams": BODIES["create_team"],
    "invitations": BODIES["create_invitation"],
    "pipelines": BODIES["create_pipeline"],
    "stages": BODIES["create_stage"],
    "activities": {"type": "$ACTIVITY_TYPE", "at": "$(date -u +%FT%TZ)"},
    "outputs": BODIES["create_output"],
    "activity_types": BODIES["create_activity_type"],
    "milestone_types": BODIES["create_milestone_type"],
    "output_types": BODIES["create_output_type"],
    "end_reasons": BODIES["create_end_reason"],
    "competitors": BODIES["create_competitor"],
    "deal_sources": BODIES["create_deal_source"],
    "exchange_rates": BODIES["create_exchange_rate"],
    "mutual_steps": BODIES["create_mutual_step"],
    "plans": BODIES["create_plan"],
    "targets": BODIES["create_target"],
    "conversations": BODIES["create_conversation"],
    "confirmations": BODIES["create_confirmation"],
    "webhooks": BODIES["create_webhook"],
}
WHY, WHO, HOW = (f"01981f5e-0000-7000-8000-00000000000{number}" for number in (1, 2, 3))
COMPLETE: Mapping[str, Any] = {
    "name": "Utilities $(date +%s%N)",
    "text": {
        "title": "Become the leakage partner",
        "goal": {"measure": "New revenue", "amount": 600_000_000, "currency": "EUR", "by": "2027-12-31"},
        "differences": [{"id": WHY, "name": "Works on existing meters"}],
        "segments": [
            {"id": WHO, "name": "Utilities", "rules": [{"fact": "industry", "test": "one_of", "words": ["Utilities"]}]}
        ],
        "plays": [
            {
                "id": HOW,
                "name": "Loss-map workshop",
                "segment": WHO,
                "difference": WHY,
                "activities": [{"type": "$ACTIVITY_TYPE", "number": 4}],
                "milestones": ["$MILESTONE_TYPE"],
                "rates": {"activity_to_output": 0.3, "output_to_milestone": 0.4, "milestone_to_win": 0.5},
            }
        ],
    },
}
# The same, where an operation needs more of the row than others do.
MADE_FOR: Mapping[str, Mapping[str, Any]] = {"activate_strategy": COMPLETE, "retire_strategy": COMPLETE}
# What belongs before or after an example, so that everything is as it was.
AROUND = {
    "deactivate_member": (None, "reactivation"),
    "reactivate_member": ("deactivation", None),
    "retire_strategy": ("activation", None),
}
# Where not the first row of a list is meant: the last open stage is another one than that of a new deal.
CHOSEN = {"stg": ("?kind=open", "tail -1"), "mem": ("", "tail -1")}
# Whom an import named, and nobody can sign in as: it throws out nobody.
SUBJECTS = {
    **dict.fromkeys(AROUND, "?is_placeholder=true&limit=1"),
    # A draft has said nothing yet.
    "get_strategy_version": "?state=active&limit=1",
}
NAMES = {"statistics": "chance_to_win"}
# What stands in an address beside ids.
NAMED = {"{source}": "crm", "{external_id}": "4711", "{number}": "1"}
# What has to be done before there is what an example is about: how, where behind its address without the last part, and
# with which body.
BEFORE: Mapping[str, tuple[str, bool, Mapping[str, Any]]] = {
    "undo_company_merge": ("POST", False, BODIES["merge_company"]),
    "undo_contact_merge": ("POST", False, BODIES["merge_contact"]),
    "undo_deal_merge": ("POST", False, BODIES["merge_deal"]),
    "get_buying_role": ("PUT", True, BODIES["put_buying_role"]),
    "remove_buying_role": ("PUT", True, BODIES["put_buying_role"]),
}
