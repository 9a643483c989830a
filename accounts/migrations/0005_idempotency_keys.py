import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import accounts.tenancy.models
import accounts.tenancy.rls


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_imports_to_do"),
    ]

    operations = [
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.CharField(max_length=255)),
                ("digest", models.BinaryField(max_length=32)),
                ("status", models.PositiveSmallIntegerField()),
                ("body", models.BinaryField()),
                ("location", models.CharField(blank=True, default="", max_length=300)),
                ("created_at", models.DateTimeField()),
                (
                    "membership",
                    accounts.tenancy.models.TenantForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.membership"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.tenant",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["tenant", "created_at"], name="idempotency_key_by_age"),
                    models.Index(fields=["tenant", "membership"], name="accounts_id_tenant__195e50_idx"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "membership", "key"), name="idempotency_key_once_for_a_member"
                    ),
                    accounts.tenancy.rls.RowSecurity(append_only=False, name="accounts_idempotencykey_wall", version=1),
                    models.UniqueConstraint(fields=("tenant", "id"), name="accounts_idempotencykey_pair"),
                    accounts.tenancy.rls.TenantReference(
                        field="membership_id", name="accounts_idempotencykey_membership_ref", to="accounts_membership"
                    ),
                ],
            },
        ),
    ]
