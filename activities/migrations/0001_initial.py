import accounts.tenancy.models
import accounts.tenancy.rls
import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('strategy', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ActivityType',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('icon', models.CharField(default='phone', max_length=20)),
                ('usual_minutes', models.PositiveSmallIntegerField(verbose_name='usual minutes')),
                ('counts_as', models.CharField(choices=[('contact', 'Contact'), ('preparation', 'Preparation')], default='contact', max_length=12)),
                ('position', models.PositiveSmallIntegerField(default=1)),
                ('is_archived', models.BooleanField(default=False)),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
            ],
            options={
                'ordering': ['position'],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'name'), name='activity_type_unique_in_tenant', violation_error_message='Another type of activity has this name.'), accounts.tenancy.rls.RowSecurity(append_only=False, name='activities_activitytype_wall', version=1), models.UniqueConstraint(fields=('tenant', 'id'), name='activities_activitytype_pair')],
            },
        ),
        migrations.CreateModel(
            name='Activity',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(verbose_name='when')),
                ('day', models.DateField()),
                ('minutes', models.PositiveIntegerField(verbose_name='minutes')),
                ('horizon', models.CharField(blank=True, choices=[('H1', 'This quarter'), ('H2', 'This year'), ('H3', 'One to three years')], default='', max_length=2, verbose_name='horizon')),
                ('purpose', models.CharField(blank=True, default='', max_length=200, verbose_name='purpose')),
                ('note', models.TextField(blank=True, default='', verbose_name='note')),
                ('prepared', models.BooleanField(blank=True, null=True, verbose_name='prepared')),
                ('right_person', models.BooleanField(blank=True, null=True, verbose_name='the right person')),
                ('purpose_reached', models.BooleanField(blank=True, null=True, verbose_name='purpose reached')),
                ('next_step', models.CharField(blank=True, default='', max_length=200, verbose_name='next step agreed')),
                ('next_step_on', models.DateField(blank=True, null=True, verbose_name='on')),
                ('entry_key', models.UUIDField(blank=True, null=True)),
                ('source', models.CharField(blank=True, default='', max_length=40)),
                ('external_id', models.CharField(blank=True, default='', max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('company', accounts.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='activities', to='strategy.company')),
                ('deal', accounts.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='activities', to='strategy.deal')),
                ('member', accounts.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='activities', to='accounts.membership')),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
                ('type', accounts.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='activities', to='activities.activitytype')),
            ],
            options={
                'verbose_name_plural': 'activities',
                'indexes': [models.Index(fields=['tenant', '-at', '-id'], name='activity_newest_first'), models.Index(fields=['tenant', 'deal', '-at', '-id'], name='activity_of_deal'), models.Index(fields=['tenant', 'member', 'day'], name='activity_of_member'), models.Index(fields=['tenant', 'type'], name='activities__tenant__e60278_idx'), models.Index(fields=['tenant', 'company'], name='activities__tenant__f777ed_idx')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'entry_key'), name='activity_entered_once'), models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('tenant', 'source', 'external_id'), name='activity_external_id_unique_in_source'), accounts.tenancy.rls.RowSecurity(append_only=False, name='activities_activity_wall', version=1), models.UniqueConstraint(fields=('tenant', 'id'), name='activities_activity_pair'), accounts.tenancy.rls.TenantReference(field='type_id', name='activities_activity_type_ref', to='activities_activitytype'), accounts.tenancy.rls.TenantReference(field='member_id', name='activities_activity_member_ref', to='accounts_membership'), accounts.tenancy.rls.TenantReference(field='deal_id', name='activities_activity_deal_ref', to='strategy_deal'), accounts.tenancy.rls.TenantReference(field='company_id', name='activities_activity_company_ref', to='strategy_company')],
            },
        ),
        migrations.CreateModel(
            name='OutputType',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('position', models.PositiveSmallIntegerField(default=1)),
                ('is_archived', models.BooleanField(default=False)),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
            ],
            options={
                'ordering': ['position'],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'name'), name='output_type_unique_in_tenant', violation_error_message='Another type of output has this name.'), accounts.tenancy.rls.RowSecurity(append_only=False, name='activities_outputtype_wall', version=1), models.UniqueConstraint(fields=('tenant', 'id'), name='activities_outputtype_pair')],
            },
        ),
        migrations.CreateModel(
            name='Output',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('note', models.CharField(blank=True, default='', max_length=300, verbose_name='namely')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('activity', accounts.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='outputs', to='activities.activity')),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
                ('type', accounts.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='activities.outputtype')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['tenant', 'activity'], name='activities__tenant__5d8aa5_idx'), models.Index(fields=['tenant', 'type'], name='activities__tenant__f7dc7a_idx')],
                'constraints': [accounts.tenancy.rls.RowSecurity(append_only=False, name='activities_output_wall', version=1), models.UniqueConstraint(fields=('tenant', 'id'), name='activities_output_pair'), accounts.tenancy.rls.TenantReference(field='activity_id', name='activities_output_activity_ref', to='activities_activity'), accounts.tenancy.rls.TenantReference(field='type_id', name='activities_output_type_ref', to='activities_outputtype')],
            },
        ),
    ]
