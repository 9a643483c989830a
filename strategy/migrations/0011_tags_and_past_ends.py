import django.contrib.postgres.indexes
from django.db import migrations, models

from accounts.tenancy.lookups import LookupFunction
from accounts.tenancy.rls import CURRENT


class Migration(migrations.Migration):
    dependencies = [
        ("strategy", "0010_where_stays_led_and_bulk_edits"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="company",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["tenant", "tags"], name="company_by_tag", opclasses=["int8_ops", "array_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="stagespan",
            index=models.Index(
                condition=models.Q(("exit_kind__in", ["won", "lost", "no_decision", "disqualified"])),
                fields=["tenant", "exit_kind"],
                name="stage_span_that_ended_a_deal",
            ),
        ),
        # The tenant of the transaction, never one that the caller names.
        LookupFunction(
            name="companies_tagged",
            takes="tag text, most integer",
            returns="TABLE (company_id uuid)",
            reads={"strategy_company": "id, tenant_id, tags"},
            body=(
                "SELECT c.id FROM public.strategy_company AS c"
                f" WHERE c.tenant_id = {CURRENT} AND c.tags @> ARRAY[$1]::varchar[] LIMIT $2"
            ),
        ),
    ]
