import accounts.tenancy.models
import accounts.tenancy.rls
import django.core.serializers.json
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.functions.datetime
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0004_imports_to_do'),
        ('strategy', '0002_source_digest'),
    ]

    operations = [
        migrations.CreateModel(
            name='MilestoneType',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('before', models.CharField(blank=True, default='', max_length=120)),
                ('statement', models.CharField(max_length=300, verbose_name='what the customer did')),
                ('position', models.PositiveSmallIntegerField()),
                ('is_archived', models.BooleanField(default=False)),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
            ],
            options={
                'ordering': ['position'],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'name'), name='milestone_type_unique_in_tenant', violation_error_message='Another milestone has this name.'), models.UniqueConstraint(deferrable=django.db.models.constraints.Deferrable['DEFERRED'], fields=('tenant', 'position'), name='milestone_type_position_unique_in_tenant', violation_error_message='Another milestone has this position.'), accounts.tenancy.rls.RowSecurity(append_only=False, name='outcomes_milestonetype_wall', version=1), models.UniqueConstraint(fields=('tenant', 'id'), name='outcomes_milestonetype_pair')],
            },
        ),
        migrations.CreateModel(
            name='MilestoneEvent',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('claimed', 'Claimed'), ('evidenced', 'Evidenced'), ('checked', 'Checked by a second member'), ('confirmed', 'Confirmed by the customer'), ('contradicted', 'Contradicted by the customer'), ('lapsed', 'Lapsed'), ('corrected', 'Taken back')], max_length=12)),
                ('grade', models.PositiveSmallIntegerField(choices=[(0, 'The rep says so'), (1, 'An artefact is linked'), (2, 'A second member checked it'), (3, 'The customer confirmed it'), (4, 'It stands in a system of record')], default=0)),
                ('effective_on', models.DateField()),
                ('recorded_at', models.DateTimeField()),
                ('words', models.TextField(blank=True, default='')),
                ('agreed_by', models.CharField(blank=True, default='', max_length=120)),
                ('evidence', models.URLField(blank=True, default='', max_length=500)),
                ('entry_key', models.UUIDField(blank=True, null=True)),
                ('actor', accounts.tenancy.models.TenantForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('deal', accounts.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='milestone_events', to='strategy.deal')),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
                ('type', accounts.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='outcomes.milestonetype')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'deal', 'recorded_at', 'id'], name='milestone_event_by_deal'), models.Index(fields=['tenant', 'type'], name='outcomes_mi_tenant__d91cc0_idx'), models.Index(fields=['tenant', 'actor'], name='outcomes_mi_tenant__f1fef4_idx')],
                'constraints': [models.CheckConstraint(condition=models.Q(('grade__lte', 4)), name='milestone_event_grade_of_0_to_4'), models.UniqueConstraint(fields=('tenant', 'entry_key'), name='milestone_event_entered_once'), accounts.tenancy.rls.RowSecurity(append_only=True, name='outcomes_milestoneevent_wall', version=1), models.UniqueConstraint(fields=('tenant', 'id'), name='outcomes_milestoneevent_pair'), accounts.tenancy.rls.TenantReference(field='deal_id', name='outcomes_milestoneevent_deal_ref', to='strategy_deal'), accounts.tenancy.rls.TenantReference(field='type_id', name='outcomes_milestoneevent_type_ref', to='outcomes_milestonetype'), accounts.tenancy.rls.TenantReference(field='actor_id', name='outcomes_milestoneevent_actor_ref', to='accounts_membership')],
            },
        ),
        migrations.CreateModel(
            name='Milestone',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('reached', 'Reached'), ('contradicted', 'Contradicted'), ('lapsed', 'Lapsed'), ('withdrawn', 'Taken back')], max_length=12)),
                ('grade', models.PositiveSmallIntegerField(choices=[(0, 'The rep says so'), (1, 'An artefact is linked'), (2, 'A second member checked it'), (3, 'The customer confirmed it'), (4, 'It stands in a system of record')], default=0)),
                ('reached_on', models.DateField()),
                ('recorded_at', models.DateTimeField()),
                ('words', models.TextField(blank=True, default='')),
                ('agreed_by', models.CharField(blank=True, default='', max_length=120)),
                ('evidence', models.URLField(blank=True, default='', max_length=500)),
                ('deal', accounts.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='milestones', to='strategy.deal')),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
                ('type', accounts.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='outcomes.milestonetype')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'deal'], name='outcomes_mi_tenant__8f4e0c_idx'), models.Index(fields=['tenant', 'type'], name='outcomes_mi_tenant__104f84_idx')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'deal', 'type'), name='milestone_once_on_a_deal'), accounts.tenancy.rls.RowSecurity(append_only=False, name='outcomes_milestone_wall', version=1), models.UniqueConstraint(fields=('tenant', 'id'), name='outcomes_milestone_pair'), accounts.tenancy.rls.TenantReference(field='deal_id', name='outcomes_milestone_deal_ref', to='strategy_deal'), accounts.tenancy.rls.TenantReference(field='type_id', name='outcomes_milestone_type_ref', to='outcomes_milestonetype')],
            },
        ),
        migrations.CreateModel(
            name='StatisticGeneration',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveBigIntegerField()),
                ('as_of', models.DateField()),
                ('computed_at', models.DateTimeField()),
                ('is_current', models.BooleanField(default=False)),
                ('inputs_hash', models.CharField(default='', max_length=64)),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('tenant', 'number'), name='statistic_generation_number_unique'), models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('tenant',), name='statistic_generation_one_current_in_tenant'), accounts.tenancy.rls.RowSecurity(append_only=False, name='outcomes_statisticgeneration_wall', version=1), models.UniqueConstraint(fields=('tenant', 'id'), name='outcomes_statisticgeneration_pair')],
            },
        ),
        migrations.CreateModel(
            name='StatisticMark',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=12)),
                ('key', models.UUIDField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'kind', 'key'], name='statistic_mark_by_tenant')],
                'constraints': [accounts.tenancy.rls.RowSecurity(append_only=False, name='outcomes_statisticmark_wall', version=1)],
            },
        ),
        migrations.CreateModel(
            name='StatisticResult',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('metric', models.CharField(max_length=60)),
                ('slice', models.CharField(default='', max_length=120)),
                ('as_of', models.DateField()),
                ('value', models.FloatField(null=True)),
                ('low', models.FloatField(null=True)),
                ('high', models.FloatField(null=True)),
                ('n', models.PositiveIntegerField()),
                ('events', models.PositiveIntegerField(default=0)),
                ('grade', models.CharField(default='', max_length=1)),
                ('method', models.CharField(max_length=20)),
                ('inputs_hash', models.CharField(max_length=64)),
                ('detail', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('not_enough', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, null=True)),
                ('generation', accounts.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='results', to='outcomes.statisticgeneration')),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'generation'], name='outcomes_st_tenant__e1b81f_idx')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'generation', 'metric', 'slice'), name='statistic_result_once_in_a_generation'), accounts.tenancy.rls.RowSecurity(append_only=False, name='outcomes_statisticresult_wall', version=1), models.UniqueConstraint(fields=('tenant', 'id'), name='outcomes_statisticresult_pair'), accounts.tenancy.rls.TenantReference(field='generation_id', name='outcomes_statisticresult_generation_ref', to='outcomes_statisticgeneration')],
            },
        ),
        migrations.CreateModel(
            name='DealFact',
            fields=[
                ('deal_id', models.UUIDField(primary_key=True, serialize=False)),
                ('qualified_on', models.DateField()),
                ('observed_from', models.DateField(null=True)),
                ('observed_until', models.DateField(null=True)),
                ('closed_on', models.DateField(null=True)),
                ('end_cause', models.CharField(default='', max_length=12)),
                ('end_reason_id', models.UUIDField(null=True)),
                ('pipeline_id', models.UUIDField()),
                ('stage_id', models.UUIDField()),
                ('milestone_type_id', models.UUIDField(null=True)),
                ('owner_id', models.UUIDField(null=True)),
                ('amount', models.BigIntegerField(null=True)),
                ('won_amount', models.BigIntegerField(null=True)),
                ('minutes', models.BigIntegerField(default=0)),
                ('minutes_after_progress', models.BigIntegerField(default=0)),
                ('activities', models.PositiveIntegerField(default=0)),
                ('outputs', models.PositiveIntegerField(default=0)),
                ('milestones', models.PositiveSmallIntegerField(default=0)),
                ('progress_on', models.DateField(null=True)),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'qualified_on'], name='deal_fact_by_qualification')],
                'constraints': [accounts.tenancy.rls.RowSecurity(append_only=False, name='outcomes_dealfact_wall', version=1)],
            },
        ),
    ]
