from django.db import migrations

from accounts.tenancy.lookups import LookupFunction


class Migration(migrations.Migration):
    dependencies = [("outcomes", "0002_marks")]

    operations = [
        LookupFunction(
            name="tenants_a_day_behind",
            takes="at_most integer",
            returns="TABLE (tenant_id bigint)",
            reads={
                "outcomes_statisticgeneration": "tenant_id, as_of, is_current",
                "accounts_tenant": "id, time_zone",
            },
            body=(
                "SELECT g.tenant_id FROM public.outcomes_statisticgeneration AS g"
                " JOIN public.accounts_tenant AS t ON t.id = g.tenant_id"
                " WHERE g.is_current AND g.as_of < (now() AT TIME ZONE t.time_zone)::date"
                " ORDER BY g.as_of, hashint8(g.tenant_id) LIMIT $1"
            ),
        ),
    ]
