import accounts.tenancy.models
import accounts.tenancy.rls
import django.core.serializers.json
import django.db.models.constraints
import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Company',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('name_key', models.CharField(editable=False, max_length=200)),
                ('domain', models.CharField(blank=True, default='', max_length=200, verbose_name='domain')),
                ('industry', models.CharField(blank=True, default='', max_length=120, verbose_name='industry')),
                ('country', models.CharField(blank=True, default='', max_length=120, verbose_name='country')),
                ('employees', models.PositiveIntegerField(blank=True, null=True, verbose_name='employees')),
                ('revenue', models.BigIntegerField(blank=True, null=True, verbose_name='revenue a year')),
                ('revenue_currency', models.CharField(blank=True, default='', max_length=3)),
                ('founded', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='founded in')),
                ('attributes', models.JSONField(blank=True, default=dict)),
                ('source', models.CharField(blank=True, default='', max_length=40)),
                ('external_id', models.CharField(blank=True, default='', max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('owner', accounts.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.membership')),
                ('parent', accounts.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='subsidiaries', to='strategy.company')),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
            ],
            options={
                'verbose_name': 'company',
                'verbose_name_plural': 'companies',
                'indexes': [models.Index(fields=['tenant', 'name_key'], name='company_by_name'), models.Index(fields=['tenant', 'parent'], name='strategy_co_tenant__a8d14d_idx'), models.Index(fields=['tenant', 'owner'], name='strategy_co_tenant__33ec9b_idx')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('tenant', 'source', 'external_id'), name='company_external_id_unique_in_source'), accounts.tenancy.rls.RowSecurity(append_only=False, name='strategy_company_wall', version=1), models.UniqueConstraint(fields=('tenant', 'id'), name='strategy_company_pair'), accounts.tenancy.rls.TenantReference(field='parent_id', name='strategy_company_parent_ref', to='strategy_company'), accounts.tenancy.rls.TenantReference(field='owner_id', name='strategy_company_owner_ref', to='accounts_membership')],
            },
        ),
        migrations.CreateModel(
            name='Deal',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('rate', models.DecimalField(decimal_places=8, default=1, max_digits=18)),
                ('rate_date', models.DateField(blank=True, null=True)),
                ('amount_at_qualification', models.BigIntegerField(blank=True, null=True)),
                ('amount', models.BigIntegerField(blank=True, null=True, verbose_name='amount')),
                ('opened_on', models.DateField(blank=True, null=True, verbose_name='opened on')),
                ('qualified_on', models.DateField(blank=True, null=True, verbose_name='qualified on')),
                ('qualification_note', models.TextField(blank=True, default='', verbose_name='by what criteria')),
                ('expected_close_on', models.DateField(blank=True, null=True, verbose_name='expected close')),
                ('entered_stage_on', models.DateField(blank=True, null=True)),
                ('closed_on', models.DateField(blank=True, null=True, verbose_name='closed on')),
                ('closed_recorded_at', models.DateTimeField(blank=True, null=True)),
                ('end_cause', models.CharField(blank=True, choices=[('won', 'Won'), ('lost', 'Lost to somebody else'), ('no_decision', 'No decision'), ('disqualified', 'Disqualified by us')], default='', max_length=12, verbose_name='how it ended')),
                ('episode', models.PositiveSmallIntegerField(default=1)),
                ('observed_from', models.DateField(blank=True, null=True)),
                ('observed_until', models.DateField(blank=True, null=True)),
                ('is_test', models.BooleanField(default=False)),
                ('attributes', models.JSONField(blank=True, default=dict)),
                ('source', models.CharField(blank=True, default='', max_length=40)),
                ('external_id', models.CharField(blank=True, default='', max_length=200)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('company', accounts.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deals', to='strategy.company')),
                ('import_run', accounts.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.importrun')),
                ('merged_into', accounts.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='strategy.deal')),
                ('owner', accounts.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deals', to='accounts.membership')),
                ('owner_at_qualification', accounts.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('qualified_by', accounts.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', '-created_at', '-id'], name='deal_newest_first'), models.Index(fields=['tenant', 'end_cause', '-created_at', '-id'], name='deal_by_end_newest_first'), models.Index(fields=['tenant', 'qualified_on'], name='deal_by_qualification'), models.Index(fields=['tenant', 'company'], name='strategy_de_tenant__665a21_idx'), models.Index(fields=['tenant', 'owner'], name='strategy_de_tenant__54159f_idx'), models.Index(fields=['tenant', 'owner_at_qualification'], name='strategy_de_tenant__54fee5_idx'), models.Index(fields=['tenant', 'qualified_by'], name='strategy_de_tenant__3e6f59_idx'), models.Index(fields=['tenant', 'merged_into'], name='strategy_de_tenant__50ed56_idx'), models.Index(fields=['tenant', 'import_run'], name='strategy_de_tenant__d9f41d_idx')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('tenant', 'source', 'external_id'), name='deal_external_id_unique_in_source'), models.CheckConstraint(condition=models.Q(models.Q(('closed_on', None), ('end_cause', '')), models.Q(models.Q(('end_cause', ''), _negated=True), ('closed_on__isnull', False)), _connector='OR'), name='deal_ends_with_a_cause_and_a_day', violation_error_message='A deal that is over has a cause and a day; an open one has neither.'), models.CheckConstraint(condition=models.Q(('closed_on', None), ('qualified_on', None), ('closed_on__gte', models.F('qualified_on')), _connector='OR'), name='deal_ends_after_it_was_qualified', violation_error_message='A deal cannot end before it was qualified.'), accounts.tenancy.rls.RowSecurity(append_only=False, name='strategy_deal_wall', version=1), models.UniqueConstraint(fields=('tenant', 'id'), name='strategy_deal_pair'), accounts.tenancy.rls.TenantReference(field='company_id', name='strategy_deal_company_ref', to='strategy_company'), accounts.tenancy.rls.TenantReference(field='owner_id', name='strategy_deal_owner_ref', to='accounts_membership'), accounts.tenancy.rls.TenantReference(field='owner_at_qualification_id', name='strategy_deal_owner_at_qualification_ref', to='accounts_membership'), accounts.tenancy.rls.TenantReference(field='qualified_by_id', name='strategy_deal_qualified_by_ref', to='accounts_membership'), accounts.tenancy.rls.TenantReference(field='merged_into_id', name='strategy_deal_merged_into_ref', to='strategy_deal'), accounts.tenancy.rls.TenantReference(field='import_run_id', name='strategy_deal_import_run_ref', to='accounts_importrun')],
            },
        ),
        migrations.CreateModel(
            name='DealEvent',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('opened', 'Opened'), ('qualified', 'Qualified'), ('moved', 'Moved'), ('repriced', 'Repriced'), ('rescheduled', 'Expected close changed'), ('reassigned', 'Given to somebody else'), ('closed', 'Closed'), ('reopened', 'Opened again'), ('corrected', 'Corrected')], max_length=12)),
                ('effective_on', models.DateField(null=True)),
                ('recorded_at', models.DateTimeField()),
                ('data', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('actor', accounts.tenancy.models.TenantForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('deal', accounts.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='strategy.deal')),
                ('import_run', accounts.tenancy.models.TenantForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.importrun')),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'deal', 'recorded_at', 'id'], name='deal_event_by_deal'), models.Index(fields=['tenant', 'actor'], name='strategy_de_tenant__e19170_idx'), models.Index(fields=['tenant', 'import_run'], name='strategy_de_tenant__a2e401_idx')],
                'constraints': [accounts.tenancy.rls.RowSecurity(append_only=True, name='strategy_dealevent_wall', version=1), models.UniqueConstraint(fields=('tenant', 'id'), name='strategy_dealevent_pair'), accounts.tenancy.rls.TenantReference(field='deal_id', name='strategy_dealevent_deal_ref', to='strategy_deal'), accounts.tenancy.rls.TenantReference(field='actor_id', name='strategy_dealevent_actor_ref', to='accounts_membership'), accounts.tenancy.rls.TenantReference(field='import_run_id', name='strategy_dealevent_import_run_ref', to='accounts_importrun')],
            },
        ),
        migrations.CreateModel(
            name='EndReason',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('won', 'Won'), ('lost', 'Lost to somebody else'), ('no_decision', 'No decision'), ('disqualified', 'Disqualified by us')], max_length=12, verbose_name='kind')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('position', models.PositiveSmallIntegerField(default=1)),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
            ],
            options={
                'ordering': ['kind', 'position'],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'kind', 'name'), name='end_reason_unique_in_kind', violation_error_message='This reason is already in the list.'), accounts.tenancy.rls.RowSecurity(append_only=False, name='strategy_endreason_wall', version=1), models.UniqueConstraint(fields=('tenant', 'id'), name='strategy_endreason_pair')],
            },
        ),
        migrations.AddField(
            model_name='deal',
            name='end_reason',
            field=accounts.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='strategy.endreason'),
        ),
        migrations.CreateModel(
            name='OwnerSpan',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('from_on', models.DateField()),
                ('until_on', models.DateField(blank=True, null=True)),
                ('deal', accounts.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='owner_spans', to='strategy.deal')),
                ('owner', accounts.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'deal'], name='strategy_ow_tenant__ae539d_idx'), models.Index(fields=['tenant', 'owner'], name='strategy_ow_tenant__f0d697_idx')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('until_on', None)), fields=('tenant', 'deal'), name='owner_span_one_open_for_a_deal'), accounts.tenancy.rls.RowSecurity(append_only=False, name='strategy_ownerspan_wall', version=1), models.UniqueConstraint(fields=('tenant', 'id'), name='strategy_ownerspan_pair'), accounts.tenancy.rls.TenantReference(field='deal_id', name='strategy_ownerspan_deal_ref', to='strategy_deal'), accounts.tenancy.rls.TenantReference(field='owner_id', name='strategy_ownerspan_owner_ref', to='accounts_membership')],
            },
        ),
        migrations.CreateModel(
            name='Pipeline',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('position', models.PositiveSmallIntegerField(default=1)),
                ('source', models.CharField(blank=True, default='', max_length=40)),
                ('external_id', models.CharField(blank=True, default='', max_length=200)),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
            ],
            options={
                'ordering': ['position'],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'name'), name='pipeline_name_unique_in_tenant', violation_error_message='Another pipeline has this name.'), accounts.tenancy.rls.RowSecurity(append_only=False, name='strategy_pipeline_wall', version=1), models.UniqueConstraint(fields=('tenant', 'id'), name='strategy_pipeline_pair')],
            },
        ),
        migrations.AddField(
            model_name='deal',
            name='pipeline',
            field=accounts.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deals', to='strategy.pipeline'),
        ),
        migrations.CreateModel(
            name='Stage',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('kind', models.CharField(choices=[('open', 'Open'), ('won', 'Won'), ('lost', 'Lost'), ('no_decision', 'No decision'), ('disqualified', 'Disqualified')], default='open', max_length=12, verbose_name='kind')),
                ('position', models.PositiveSmallIntegerField()),
                ('patience_days', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='patience in days')),
                ('pipeline', accounts.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stages', to='strategy.pipeline')),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
            ],
            options={
                'ordering': ['pipeline', 'position'],
                'indexes': [models.Index(fields=['tenant', 'pipeline'], name='strategy_st_tenant__491053_idx')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'pipeline', 'name'), name='stage_name_unique_in_pipeline', violation_error_message='Another stage of this pipeline has this name.'), models.UniqueConstraint(deferrable=django.db.models.constraints.Deferrable['DEFERRED'], fields=('tenant', 'pipeline', 'position'), name='stage_position_unique_in_pipeline', violation_error_message='Another stage already has this position.'), accounts.tenancy.rls.RowSecurity(append_only=False, name='strategy_stage_wall', version=1), models.UniqueConstraint(fields=('tenant', 'id'), name='strategy_stage_pair'), accounts.tenancy.rls.TenantReference(field='pipeline_id', name='strategy_stage_pipeline_ref', to='strategy_pipeline')],
            },
        ),
        migrations.AddField(
            model_name='deal',
            name='stage',
            field=accounts.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deals', to='strategy.stage'),
        ),
        migrations.CreateModel(
            name='StageSpan',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('entered_on', models.DateField()),
                ('left_on', models.DateField(blank=True, null=True)),
                ('exit_kind', models.CharField(blank=True, choices=[('advance', 'Moved on'), ('skip', 'Skipped a stage'), ('back', 'Moved back'), ('won', 'Won'), ('lost', 'Lost'), ('no_decision', 'No decision'), ('disqualified', 'Disqualified')], default='', max_length=12)),
                ('episode', models.PositiveSmallIntegerField(default=1)),
                ('deal', accounts.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stage_spans', to='strategy.deal')),
                ('stage', accounts.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='strategy.stage')),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'deal'], name='strategy_st_tenant__e542c7_idx'), models.Index(fields=['tenant', 'stage'], name='strategy_st_tenant__3e5fe4_idx')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('left_on', None)), fields=('tenant', 'deal'), name='stage_span_one_open_for_a_deal'), models.CheckConstraint(condition=models.Q(('left_on', None), ('left_on__gte', models.F('entered_on')), _connector='OR'), name='stage_span_ends_after_it_began'), accounts.tenancy.rls.RowSecurity(append_only=False, name='strategy_stagespan_wall', version=1), models.UniqueConstraint(fields=('tenant', 'id'), name='strategy_stagespan_pair'), accounts.tenancy.rls.TenantReference(field='deal_id', name='strategy_stagespan_deal_ref', to='strategy_deal'), accounts.tenancy.rls.TenantReference(field='stage_id', name='strategy_stagespan_stage_ref', to='strategy_stage')],
            },
        ),
        migrations.AddIndex(
            model_name='deal',
            index=models.Index(fields=['tenant', 'pipeline'], name='strategy_de_tenant__762e00_idx'),
        ),
        migrations.AddIndex(
            model_name='deal',
            index=models.Index(fields=['tenant', 'stage'], name='strategy_de_tenant__c9e593_idx'),
        ),
        migrations.AddIndex(
            model_name='deal',
            index=models.Index(fields=['tenant', 'end_reason'], name='strategy_de_tenant__7d0d16_idx'),
        ),
        migrations.AddConstraint(
            model_name='deal',
            constraint=accounts.tenancy.rls.TenantReference(field='pipeline_id', name='strategy_deal_pipeline_ref', to='strategy_pipeline'),
        ),
        migrations.AddConstraint(
            model_name='deal',
            constraint=accounts.tenancy.rls.TenantReference(field='stage_id', name='strategy_deal_stage_ref', to='strategy_stage'),
        ),
        migrations.AddConstraint(
            model_name='deal',
            constraint=accounts.tenancy.rls.TenantReference(field='end_reason_id', name='strategy_deal_end_reason_ref', to='strategy_endreason'),
        ),
    ]
