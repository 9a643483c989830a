from typing import NamedTuple

from django.db import migrations

INSERTED, UPDATED, DELETED = "insert", "update", "delete"
# A transition table can only be named where the event has it, so each event needs a trigger of its own.
TRANSITIONS = {
    INSERTED: "NEW TABLE AS new_rows",
    UPDATED: "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    DELETED: "OLD TABLE AS old_rows",
}
NEW, OLD = "new_rows AS one", "old_rows AS one"
CHANGED = "new_rows AS one JOIN old_rows AS past ON past.id = one.id"
# Of rows that say the same as before nothing is told.
DIFFERENT = "one.* IS DISTINCT FROM past.*"


class Told(NamedTuple):
    """What one kind of statement tells: SQL for the type, the subject's kind, and what else stands in an event."""

    table: str
    event: str
    type: str
    kind: str
    rows: str
    where: str = "true"
    subject: str = "one.id"
    deal: str = "NULL::uuid"
    member: str = "NULL::uuid"
    on: str = "NULL::date"
    data: str = "'{}'::jsonb"

    @property
    def sql(self) -> str:
        name = f"tell_{self.table}_{self.event}"
        return (
            f"CREATE FUNCTION public.{name}() RETURNS trigger LANGUAGE plpgsql AS $tell$ BEGIN"
            " INSERT INTO public.accounts_outboxevent (tenant_id, type, subject_kind, subject_id, deal_id, member_id,"
            " effective_on, data)"
            f" SELECT one.tenant_id, {self.type}, '{self.kind}', {self.subject}, {self.deal}, {self.member}, {self.on},"
            f" {self.data} FROM {self.rows} WHERE {self.where};"
            " RETURN NULL; END $tell$;"
            f" CREATE TRIGGER tell_{self.event} AFTER {self.event} ON public.{self.table}"
            f" REFERENCING {TRANSITIONS[self.event]} FOR EACH STATEMENT"
            # An import says one thing when it is over, not one for each of its rows.
            " WHEN (coalesce(current_setting('app.import_run', true), '') = '')"
            f" EXECUTE FUNCTION public.{name}();"
        )

    @property
    def undo(self) -> str:
        return (
            f"DROP TRIGGER tell_{self.event} ON public.{self.table};"
            f" DROP FUNCTION public.tell_{self.table}_{self.event}();"
        )


def activity(event: str, said: str, rows: str, where: str = "true") -> Told:
    return Told(
        "activities_activity",
        event,
        f"'activity.{said}'",
        "act",
        rows,
        where,
        deal="one.deal_id",
        member="one.member_id",
        on="one.day",
        data="jsonb_build_object('activity_type_id', one.type_id)",
    )


def output(event: str, said: str, rows: str, where: str = "true") -> Told:
    return Told(
        "activities_output",
        event,
        f"'output.{said}'",
        "out",
        f"{rows} JOIN public.activities_activity AS a ON a.tenant_id = one.tenant_id AND a.id = one.activity_id",
        where,
        deal="a.deal_id",
        member="a.member_id",
        on="a.day",
        data="jsonb_build_object('output_type_id', one.type_id, 'activity_id', one.activity_id)",
    )


TOLD = [
    Told(
        "strategy_dealevent",
        INSERTED,
        "'deal.' || one.kind",
        "deal",
        NEW,
        "one.import_run_id IS NULL",
        subject="one.deal_id",
        deal="one.deal_id",
        member="one.actor_id",
        on="one.effective_on",
        data="jsonb_build_object('deal_event_id', one.id)",
    ),
    Told(
        "outcomes_milestoneevent",
        INSERTED,
        "'milestone.' || one.kind",
        "mev",
        NEW,
        deal="one.deal_id",
        member="one.actor_id",
        on="one.effective_on",
        data="jsonb_build_object('milestone_type_id', one.type_id, 'grade', one.grade)",
    ),
    activity(INSERTED, "logged", NEW),
    activity(UPDATED, "changed", CHANGED, DIFFERENT),
    activity(DELETED, "removed", OLD),
    output(INSERTED, "recorded", NEW),
    output(UPDATED, "changed", CHANGED, DIFFERENT),
    output(DELETED, "removed", OLD),
    Told(
        "outcomes_confirmation",
        INSERTED,
        "'confirmation.asked'",
        "cnf",
        NEW,
        deal="one.deal_id",
        member="one.asked_by_id",
        data="jsonb_build_object('purpose', one.purpose)",
    ),
    Told(
        "outcomes_confirmation",
        UPDATED,
        "CASE WHEN past.revoked_at IS DISTINCT FROM one.revoked_at THEN 'confirmation.revoked'"
        " ELSE 'confirmation.opened' END",
        "cnf",
        CHANGED,
        "past.revoked_at IS NULL AND one.revoked_at IS NOT NULL OR past.opened_at IS NULL AND one.opened_at IS NOT NULL",
        deal="one.deal_id",
        data="jsonb_build_object('purpose', one.purpose)",
    ),
    Told(
        "outcomes_confirmationanswer",
        INSERTED,
        "'confirmation.answered'",
        "cnf",
        NEW,
        subject="one.confirmation_id",
        deal="one.deal_id",
        data="jsonb_build_object('said', one.said)",
    ),
    *(
        Told(f"strategy_{name}", event, f"'{name}.{said}'", kind, rows, where)
        for name, kind in (("company", "com"), ("contact", "con"))
        for event, said, rows, where in (
            (INSERTED, "created", NEW, "true"),
            (UPDATED, "changed", CHANGED, DIFFERENT),
        )
    ),
]


class Migration(migrations.Migration):
    dependencies = [
        ("outcomes", "0011_asked_once"),
        ("activities", "0004_outputs_and_plays_by_time"),
        ("strategy", "0012_spans_end_after_they_began"),
        ("accounts", "0014_event_feed"),
    ]

    operations = [migrations.RunSQL(told.sql, told.undo) for told in TOLD]
