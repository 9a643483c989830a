from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import BtreeGinExtension, TrigramExtension
from django.db import migrations, models
from django.db.models.functions import Lower

from accounts.tenancy.lookups import LookupFunction
from accounts.tenancy.rls import CURRENT


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_doors"),
        ("strategy", "0002_source_digest"),
    ]

    operations = [
        # Both are trusted: the owner of a database may have them without being a superuser.
        TrigramExtension(),
        BtreeGinExtension(),
        migrations.AddField(
            model_name="deal",
            name="name_key",
            field=models.GeneratedField(
                db_persist=True,
                expression=Lower(
                    models.Func(
                        models.F("name"),
                        models.Value("\\s"),
                        models.Value(""),
                        models.Value("g"),
                        function="regexp_replace",
                    )
                ),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddIndex(
            model_name="company",
            index=GinIndex(
                fields=["tenant", "name_key"], name="company_by_part_of_name", opclasses=["int8_ops", "gin_trgm_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="deal",
            index=GinIndex(
                fields=["tenant", "name_key"], name="deal_by_part_of_name", opclasses=["int8_ops", "gin_trgm_ops"]
            ),
        ),
        LookupFunction(
            name="deals_called",
            takes="deal_like text, company_like text, most integer",
            returns="TABLE (deal_id uuid)",
            reads={
                "strategy_deal": "id, tenant_id, name_key, company_id",
                "strategy_company": "id, tenant_id, name_key",
            },
            # The tenant of the transaction, never one that the caller names.
            body=(
                "SELECT d.id FROM public.strategy_deal AS d"
                f" WHERE d.tenant_id = {CURRENT} AND d.name_key LIKE $1"
                " UNION ALL"
                " SELECT d.id FROM public.strategy_company AS c"
                " JOIN public.strategy_deal AS d ON d.tenant_id = c.tenant_id AND d.company_id = c.id"
                f" WHERE c.tenant_id = {CURRENT} AND c.name_key LIKE $2"
                " LIMIT $3"
            ),
        ),
    ]
