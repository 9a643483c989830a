from django.db import migrations, models

from accounts.tenancy.lookups import LookupFunction
from accounts.tenancy.rls import CURRENT


class Migration(migrations.Migration):
    dependencies = [
        ("strategy", "0008_strategies_newest_first"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="company",
            index=models.Index(
                condition=models.Q(("industry", ""), _negated=True),
                fields=["tenant", "industry", "-id"],
                name="company_of_industry_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="company",
            index=models.Index(
                condition=models.Q(("country", ""), _negated=True),
                fields=["tenant", "country", "-id"],
                name="company_of_country_newest",
            ),
        ),
        # The tenant of the transaction, never one that the caller names.
        LookupFunction(
            name="companies_called",
            takes="name_like text, most integer",
            returns="TABLE (company_id uuid)",
            reads={"strategy_company": "id, tenant_id, name_key, merged_into_id"},
            body=(
                "SELECT c.id FROM public.strategy_company AS c"
                f" WHERE c.tenant_id = {CURRENT} AND c.name_key LIKE $1 AND c.merged_into_id IS NULL LIMIT $2"
            ),
        ),
        LookupFunction(
            name="contacts_called",
            takes="name_like text, most integer",
            returns="TABLE (contact_id uuid)",
            reads={"strategy_contact": "id, tenant_id, name_key, merged_into_id"},
            body=(
                "SELECT c.id FROM public.strategy_contact AS c"
                f" WHERE c.tenant_id = {CURRENT} AND c.name_key LIKE $1 AND c.merged_into_id IS NULL LIMIT $2"
            ),
        ),
    ]
