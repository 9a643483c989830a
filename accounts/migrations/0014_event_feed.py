import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import accounts.tenancy.rls
from accounts.tenancy.lookups import LookupFunction
from accounts.tenancy.roles import WEB


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_strategy_and_pipeline"),
    ]

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("type", models.CharField(max_length=40)),
                ("subject_kind", models.CharField(max_length=4)),
                ("subject_id", models.UUIDField()),
                ("deal_id", models.UUIDField(null=True)),
                ("member_id", models.UUIDField(null=True)),
                ("effective_on", models.DateField(null=True)),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("data", models.JSONField(db_default={}, default=dict)),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.BigIntegerField()),
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
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "position"), name="event_place_in_feed"),
                    accounts.tenancy.rls.RowSecurity(append_only=False, name="accounts_event_wall", version=1),
                ],
            },
        ),
        migrations.CreateModel(
            name="Feed",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.BigIntegerField(default=0)),
                ("key", models.UUIDField(default=uuid.uuid4)),
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
                "constraints": [
                    models.UniqueConstraint(fields=("tenant",), name="feed_one_for_tenant"),
                    accounts.tenancy.rls.RowSecurity(append_only=False, name="accounts_feed_wall", version=1),
                ],
            },
        ),
        migrations.CreateModel(
            name="OutboxEvent",
            fields=[
                ("type", models.CharField(max_length=40)),
                ("subject_kind", models.CharField(max_length=4)),
                ("subject_id", models.UUIDField()),
                ("deal_id", models.UUIDField(null=True)),
                ("member_id", models.UUIDField(null=True)),
                ("effective_on", models.DateField(null=True)),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("data", models.JSONField(db_default={}, default=dict)),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
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
                "indexes": [models.Index(fields=["tenant", "id"], name="outbox_event_by_tenant")],
                "constraints": [
                    accounts.tenancy.rls.RowSecurity(append_only=False, name="accounts_outboxevent_wall", version=1)
                ],
            },
        ),
        migrations.RunSQL(
            # What waits leaves dead rows behind at the rate at which things happen: swept by their number, not by a
            # share of a table that is empty most of the time.
            "ALTER TABLE accounts_outboxevent SET (autovacuum_vacuum_scale_factor = 0,"
            " autovacuum_vacuum_threshold = 5000, autovacuum_analyze_scale_factor = 0,"
            " autovacuum_analyze_threshold = 100000);"
            # Room beside the row, so that counting up stays on its page and touches no index.
            " ALTER TABLE accounts_feed SET (fillfactor = 50);"
            # What readers were told is never told otherwise; old rows are thrown away.
            f" REVOKE UPDATE ON accounts_event FROM {WEB}",
            f"GRANT UPDATE ON accounts_event TO {WEB}",
        ),
        migrations.RunSQL(
            "CREATE FUNCTION public.tell_accounts_importrun_update() RETURNS trigger LANGUAGE plpgsql AS $tell$ BEGIN"
            " INSERT INTO public.accounts_outboxevent (tenant_id, type, subject_kind, subject_id, member_id, data)"
            " SELECT one.tenant_id, 'import.finished', 'imp', one.id, one.actor_id,"
            " jsonb_build_object('state', one.state, 'rows', one.rows_done)"
            " FROM new_rows AS one JOIN old_rows AS past ON past.id = one.id"
            " WHERE one.state IN ('done', 'failed', 'cancelled') AND past.state <> one.state;"
            " RETURN NULL; END $tell$;"
            " CREATE TRIGGER tell_update AFTER UPDATE ON public.accounts_importrun"
            " REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"
            " FOR EACH STATEMENT EXECUTE FUNCTION public.tell_accounts_importrun_update();",
            "DROP TRIGGER tell_update ON public.accounts_importrun;"
            " DROP FUNCTION public.tell_accounts_importrun_update();",
        ),
        LookupFunction(
            name="tenants_with_events",
            takes="",
            returns="TABLE (tenant_id bigint)",
            reads={"accounts_outboxevent": "tenant_id"},
            body=(
                # A loose index scan: one step for each tenant that waits, however many events it has.
                "WITH RECURSIVE waiting(tenant_id) AS ("
                " (SELECT o.tenant_id FROM public.accounts_outboxevent AS o ORDER BY o.tenant_id LIMIT 1)"
                " UNION ALL"
                " SELECT (SELECT o.tenant_id FROM public.accounts_outboxevent AS o"
                "         WHERE o.tenant_id > w.tenant_id ORDER BY o.tenant_id LIMIT 1)"
                " FROM waiting AS w WHERE w.tenant_id IS NOT NULL)"
                " SELECT w.tenant_id FROM waiting AS w WHERE w.tenant_id IS NOT NULL"
            ),
        ),
        LookupFunction(
            name="oldest_event",
            takes="",
            returns="timestamptz",
            reads={"accounts_outboxevent": "id, recorded_at"},
            # By the key, which is given in the order of time: the first row of an index instead of all of them.
            body="SELECT o.recorded_at FROM public.accounts_outboxevent AS o ORDER BY o.id LIMIT 1",
        ),
    ]
