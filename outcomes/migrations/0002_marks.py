from django.db import migrations

from accounts.tenancy.lookups import LookupFunction

# Tables whose rows belong to a deal, and how the deal's key is read from a set of changed rows.
OF_DEALS = {
    "strategy_deal": "SELECT tenant_id, id AS key FROM {rows}",
    "strategy_stagespan": "SELECT tenant_id, deal_id AS key FROM {rows}",
    "activities_activity": "SELECT tenant_id, deal_id AS key FROM {rows}",
    "activities_output": (
        "SELECT a.tenant_id, a.deal_id AS key FROM {rows} AS o"
        " JOIN public.activities_activity AS a ON a.tenant_id = o.tenant_id AND a.id = o.activity_id"
    ),
    "outcomes_milestone": "SELECT tenant_id, deal_id AS key FROM {rows}",
}
# A transition table can only be named where the event has it, so each event needs a trigger of its own.
EVENTS = {
    "insert": ("NEW TABLE AS new_rows", ["new_rows"]),
    "update": ("OLD TABLE AS old_rows NEW TABLE AS new_rows", ["old_rows", "new_rows"]),
    "delete": ("OLD TABLE AS old_rows", ["old_rows"]),
}


def create(table: str) -> str:
    statements = []
    for event, (transition, sets) in EVENTS.items():
        changed = " UNION ALL ".join(OF_DEALS[table].format(rows=rows) for rows in sets)
        statements.append(
            f"CREATE FUNCTION public.mark_{table}_{event}() RETURNS trigger LANGUAGE plpgsql AS $mark$ BEGIN"
            f" INSERT INTO public.outcomes_statisticmark (tenant_id, kind, key)"
            f" SELECT DISTINCT tenant_id, 'deal', key FROM ({changed}) AS changed WHERE key IS NOT NULL;"
            f" RETURN NULL; END $mark$;"
            f" CREATE TRIGGER mark_{event} AFTER {event} ON public.{table} REFERENCING {transition}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION public.mark_{table}_{event}();"
        )
    return " ".join(statements)


def drop(table: str) -> str:
    return " ".join(
        f"DROP TRIGGER mark_{event} ON public.{table}; DROP FUNCTION public.mark_{table}_{event}();" for event in EVENTS
    )


class Migration(migrations.Migration):
    dependencies = [
        ("outcomes", "0001_initial"),
        ("activities", "0001_initial"),
        ("strategy", "0001_initial"),
        ("accounts", "0002_lookups"),
    ]

    operations = [
        *(migrations.RunSQL(create(table), drop(table)) for table in OF_DEALS),
        LookupFunction(
            name="tenants_with_marks",
            takes="",
            returns="TABLE (tenant_id bigint)",
            reads={"outcomes_statisticmark": "tenant_id"},
            body=(
                # A loose index scan: one step for each tenant that waits, however many marks it has.
                "WITH RECURSIVE waiting(tenant_id) AS ("
                " (SELECT m.tenant_id FROM public.outcomes_statisticmark AS m ORDER BY m.tenant_id LIMIT 1)"
                " UNION ALL"
                " SELECT (SELECT m.tenant_id FROM public.outcomes_statisticmark AS m"
                "         WHERE m.tenant_id > w.tenant_id ORDER BY m.tenant_id LIMIT 1)"
                " FROM waiting AS w WHERE w.tenant_id IS NOT NULL)"
                " SELECT w.tenant_id FROM waiting AS w WHERE w.tenant_id IS NOT NULL"
            ),
        ),
    ]
