import django.db.models.deletion
from django.db import migrations, models

import accounts.tenancy.models
import accounts.tenancy.rls


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_doors"),
    ]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="made_with",
            field=accounts.tenancy.models.TenantForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="made",
                to="accounts.apitoken",
            ),
        ),
        migrations.AddIndex(
            model_name="apitoken",
            index=models.Index(fields=["tenant", "made_with"], name="accounts_ap_tenant__0b775d_idx"),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=accounts.tenancy.rls.TenantReference(
                field="made_with_id", name="accounts_apitoken_made_with_ref", to="accounts_apitoken"
            ),
        ),
    ]
