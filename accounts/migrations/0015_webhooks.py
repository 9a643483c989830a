import django.contrib.postgres.fields
import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import accounts.tenancy.models
import accounts.tenancy.rls
from accounts.tenancy.lookups import LookupFunction


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0014_event_feed"),
    ]

    operations = [
        migrations.CreateModel(
            name="Webhook",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("url", models.CharField(max_length=500, verbose_name="address")),
                (
                    "types",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), blank=True, default=list, size=None
                    ),
                ),
                ("secret", models.BinaryField()),
                ("old_secret", models.BinaryField(default=b"")),
                ("old_secret_until", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "ended",
                    models.CharField(
                        choices=[
                            ("member", "A member switched it off"),
                            ("failed", "An event could not be delivered for three days"),
                            ("gone", "The address said that it is gone (410)"),
                        ],
                        default="",
                        max_length=8,
                    ),
                ),
                ("version", models.PositiveIntegerField(db_default=1, default=1)),
                ("position", models.BigIntegerField(default=0)),
                ("held_by", models.UUIDField(null=True)),
                ("retry_at", models.DateTimeField(null=True)),
                ("lease", models.UUIDField(null=True)),
                ("leased_until", models.DateTimeField(null=True)),
                (
                    "made_by",
                    accounts.tenancy.models.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.membership"
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
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("position", models.BigIntegerField()),
                ("type", models.CharField(max_length=40)),
                (
                    "state",
                    models.CharField(
                        choices=[("delivered", "Delivered"), ("waiting", "Waiting"), ("failed", "Failed")],
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("next_try_at", models.DateTimeField(null=True)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("problem", models.CharField(db_default="", default="", max_length=40)),
                ("answer", models.CharField(db_default="", default="", max_length=500)),
                ("milliseconds", models.PositiveIntegerField(default=0)),
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
                (
                    "webhook",
                    accounts.tenancy.models.TenantForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="accounts.webhook"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="webhook",
            index=models.Index(fields=["tenant", "made_by"], name="accounts_we_tenant__208c2e_idx"),
        ),
        migrations.AddConstraint(
            model_name="webhook",
            constraint=accounts.tenancy.rls.RowSecurity(append_only=False, name="accounts_webhook_wall", version=1),
        ),
        migrations.AddConstraint(
            model_name="webhook",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="accounts_webhook_pair"),
        ),
        migrations.AddConstraint(
            model_name="webhook",
            constraint=accounts.tenancy.rls.TenantReference(
                field="made_by_id", name="accounts_webhook_made_by_ref", to="accounts_membership"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["tenant", "webhook", "-id"], name="delivery_newest_first"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("next_try_at__isnull", False)),
                fields=["tenant", "webhook", "next_try_at"],
                name="delivery_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=accounts.tenancy.rls.RowSecurity(append_only=False, name="accounts_delivery_wall", version=1),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("tenant", "id"), name="accounts_delivery_pair"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=accounts.tenancy.rls.TenantReference(
                field="webhook_id", name="accounts_delivery_webhook_ref", to="accounts_webhook"
            ),
        ),
        # Room beside the rows, so that what is written at each batch stays on its page and touches no index.
        migrations.RunSQL("ALTER TABLE accounts_webhook SET (fillfactor = 50)", migrations.RunSQL.noop),
        LookupFunction(
            name="webhooks_due",
            takes="at timestamptz, at_most integer, each integer",
            returns="TABLE (tenant_id bigint, webhook_id uuid)",
            reads={
                "accounts_webhook": "id, tenant_id, is_active, leased_until, retry_at, held_by, position",
                "accounts_feed": "tenant_id, position",
            },
            body=(
                "SELECT d.tenant_id, d.id FROM ("
                " SELECT w.tenant_id, w.id, w.leased_until,"
                "  row_number() OVER (PARTITION BY w.tenant_id ORDER BY w.leased_until NULLS FIRST, w.id) AS turn,"
                "  (SELECT count(*) FROM public.accounts_webhook AS o"
                "   WHERE o.tenant_id = w.tenant_id AND o.leased_until > at) AS served"
                " FROM public.accounts_webhook AS w"
                " JOIN public.accounts_feed AS f ON f.tenant_id = w.tenant_id"
                " WHERE w.is_active AND (w.leased_until IS NULL OR w.leased_until <= at)"
                " AND (w.retry_at <= at OR w.held_by IS NULL AND w.position < f.position)) AS d"
                " WHERE d.turn + d.served <= each ORDER BY d.leased_until NULLS FIRST LIMIT at_most"
            ),
        ),
    ]
