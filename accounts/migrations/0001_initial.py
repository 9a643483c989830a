import accounts.models.organisation
import accounts.tenancy.models
import accounts.tenancy.rls
import django.contrib.postgres.fields
import django.core.serializers.json
import django.core.validators
import django.db.models.deletion
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='ImportRun',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('uploaded', 'Uploaded'), ('queued', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('cancelled', 'Stopped')], default='uploaded', max_length=10)),
                ('preset', models.CharField(blank=True, default='', max_length=40)),
                ('mapping', models.JSONField(blank=True, default=dict)),
                ('observed_from', models.DateField(blank=True, null=True)),
                ('observed_until', models.DateField(blank=True, null=True)),
                ('rows_total', models.PositiveIntegerField(default=0)),
                ('rows_done', models.PositiveIntegerField(default=0)),
                ('counts', models.JSONField(blank=True, default=dict)),
                ('checkpoint', models.JSONField(blank=True, default=dict)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('error', models.TextField(blank=True, default='')),
            ],
            options={
                'constraints': [accounts.tenancy.rls.RowSecurity(append_only=False, name='accounts_importrun_wall', version=1)],
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('email', models.EmailField(error_messages={'unique': 'Somebody with this address has already signed up.'}, max_length=254, unique=True, verbose_name='e-mail address')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('is_active', models.BooleanField(default=True)),
                ('is_staff', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'person',
                'verbose_name_plural': 'people',
            },
        ),
        migrations.CreateModel(
            name='ImportFile',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=200)),
                ('kind', models.CharField(blank=True, default='', max_length=40)),
                ('path', models.CharField(max_length=300)),
                ('size', models.PositiveBigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('rows', models.PositiveIntegerField(default=0)),
                ('details', models.JSONField(blank=True, default=dict)),
                ('run', accounts.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='files', to='accounts.importrun')),
            ],
            options={
                'abstract': False,
                'constraints': [accounts.tenancy.rls.RowSecurity(append_only=False, name='accounts_importfile_wall', version=1), accounts.tenancy.rls.TenantReference(field='run_id', name='accounts_importfile_run_ref', to='accounts_importrun')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('email', models.EmailField(blank=True, default='', max_length=254, verbose_name='e-mail address')),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('leader', 'Leader'), ('manager', 'Manager'), ('rep', 'Rep'), ('viewer', 'Viewer')], default='rep', max_length=10, verbose_name='role')),
                ('is_active', models.BooleanField(default=True)),
                ('source', models.CharField(blank=True, default='', max_length=40)),
                ('external_id', models.CharField(blank=True, default='', max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('user', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['user'], name='membership_by_user')],
                'constraints': [accounts.tenancy.rls.RowSecurity(append_only=False, name='accounts_membership_wall', version=1)],
            },
        ),
        migrations.AddField(
            model_name='importrun',
            name='actor',
            field=accounts.tenancy.models.TenantForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership'),
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('prefix', models.CharField(max_length=24, unique=True)),
                ('digest', models.BinaryField(max_length=32)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('membership', accounts.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to='accounts.membership')),
            ],
            options={
                'ordering': ['-created_at'],
                'constraints': [accounts.tenancy.rls.RowSecurity(append_only=False, name='accounts_apitoken_wall', version=1), accounts.tenancy.rls.TenantReference(field='membership_id', name='accounts_apitoken_membership_ref', to='accounts_membership')],
            },
        ),
        migrations.CreateModel(
            name='Team',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('attributes', models.JSONField(blank=True, default=dict)),
                ('source', models.CharField(blank=True, default='', max_length=40)),
                ('external_id', models.CharField(blank=True, default='', max_length=200)),
                ('manager', accounts.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='manages', to='accounts.membership')),
                ('parent', accounts.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='accounts.team')),
            ],
            options={
                'constraints': [accounts.tenancy.rls.RowSecurity(append_only=False, name='accounts_team_wall', version=1), accounts.tenancy.rls.TenantReference(field='parent_id', name='accounts_team_parent_ref', to='accounts_team'), accounts.tenancy.rls.TenantReference(field='manager_id', name='accounts_team_manager_ref', to='accounts_membership')],
            },
        ),
        migrations.AddField(
            model_name='membership',
            name='team',
            field=accounts.tenancy.models.TenantForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='members', to='accounts.team'),
        ),
        migrations.CreateModel(
            name='Tenant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, unique=True)),
                ('slug', models.CharField(error_messages={'unique': 'Another organisation has this address. Choose another one.'}, max_length=40, unique=True, validators=[django.core.validators.RegexValidator('^[a-z0-9]+(-[a-z0-9]+)*$', 'Use small letters, digits and single hyphens.'), accounts.models.organisation.is_free_slug], verbose_name='address')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('time_zone', models.CharField(default='UTC', max_length=64, validators=[accounts.models.organisation.is_time_zone], verbose_name='time zone')),
                ('currency', models.CharField(default='EUR', max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}$', 'Write the three letters of ISO 4217, like EUR.')], verbose_name='currency')),
                ('fiscal_year_starts', models.PositiveSmallIntegerField(default=1, verbose_name='first month of the fiscal year')),
                ('week_starts', models.PositiveSmallIntegerField(default=1, verbose_name='first day of the week')),
                ('counts_from_grade', models.PositiveSmallIntegerField(default=1, verbose_name='evidence grade that counts')),
                ('is_demo', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('counts_from_grade__lte', 4)), name='tenant_counts_from_a_grade_of_0_to_4'), models.CheckConstraint(condition=models.Q(('fiscal_year_starts__range', (1, 12))), name='tenant_fiscal_year_starts_in_a_month')],
            },
        ),
        migrations.AddField(
            model_name='team',
            name='tenant',
            field=models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant'),
        ),
        migrations.AddField(
            model_name='membership',
            name='tenant',
            field=models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant'),
        ),
        migrations.AddField(
            model_name='importrun',
            name='tenant',
            field=models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant'),
        ),
        migrations.CreateModel(
            name='ImportRow',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('line', models.PositiveIntegerField()),
                ('column', models.CharField(blank=True, default='', max_length=200)),
                ('value', models.TextField(blank=True, default='')),
                ('outcome', models.CharField(choices=[('refused', 'Refused'), ('noted', 'Noted')], max_length=10)),
                ('code', models.CharField(default='', max_length=60)),
                ('message', models.TextField(default='')),
                ('cells', models.JSONField(blank=True, default=list)),
                ('file', accounts.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='noted_rows', to='accounts.importfile')),
                ('run', accounts.tenancy.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='accounts.importrun')),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'run', 'outcome', 'code'], name='import_row_by_outcome'), models.Index(fields=['tenant', 'file'], name='accounts_im_tenant__857dd8_idx')],
                'constraints': [accounts.tenancy.rls.RowSecurity(append_only=False, name='accounts_importrow_wall', version=1), models.UniqueConstraint(fields=('tenant', 'id'), name='accounts_importrow_pair'), accounts.tenancy.rls.TenantReference(field='run_id', name='accounts_importrow_run_ref', to='accounts_importrun'), accounts.tenancy.rls.TenantReference(field='file_id', name='accounts_importrow_file_ref', to='accounts_importfile')],
            },
        ),
        migrations.AddField(
            model_name='importfile',
            name='tenant',
            field=models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant'),
        ),
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('verb', models.CharField(max_length=60)),
                ('subject_label', models.CharField(max_length=60)),
                ('subject_id', models.UUIDField(null=True)),
                ('data', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('request_id', models.CharField(default='', max_length=64)),
                ('token', accounts.tenancy.models.TenantForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.apitoken')),
                ('actor', accounts.tenancy.models.TenantForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', '-at', '-id'], name='audit_newest_first'), models.Index(fields=['tenant', 'subject_id'], name='audit_by_subject'), models.Index(fields=['tenant', 'actor'], name='accounts_au_tenant__5505b4_idx'), models.Index(fields=['tenant', 'token'], name='accounts_au_tenant__7f037a_idx')],
                'constraints': [accounts.tenancy.rls.RowSecurity(append_only=True, name='accounts_auditevent_wall', version=1), models.UniqueConstraint(fields=('tenant', 'id'), name='accounts_auditevent_pair'), accounts.tenancy.rls.TenantReference(field='actor_id', name='accounts_auditevent_actor_ref', to='accounts_membership'), accounts.tenancy.rls.TenantReference(field='token_id', name='accounts_auditevent_token_ref', to='accounts_apitoken')],
            },
        ),
        migrations.AddField(
            model_name='apitoken',
            name='tenant',
            field=models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.tenant'),
        ),
        migrations.AddIndex(
            model_name='team',
            index=models.Index(fields=['tenant', 'parent'], name='accounts_te_tenant__7cd93f_idx'),
        ),
        migrations.AddIndex(
            model_name='team',
            index=models.Index(fields=['tenant', 'manager'], name='accounts_te_tenant__233079_idx'),
        ),
        migrations.AddConstraint(
            model_name='team',
            constraint=models.UniqueConstraint(fields=('tenant', 'name'), name='team_name_unique_in_tenant', violation_error_message='Another team has this name.'),
        ),
        migrations.AddConstraint(
            model_name='team',
            constraint=models.UniqueConstraint(fields=('tenant', 'id'), name='accounts_team_pair'),
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(fields=['tenant', 'team'], name='accounts_me_tenant__918123_idx'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('tenant', 'user'), name='membership_user_once_in_tenant'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('tenant', 'source', 'external_id'), name='membership_external_id_unique_in_source'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('tenant', 'id'), name='accounts_membership_pair'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=accounts.tenancy.rls.TenantReference(field='team_id', name='accounts_membership_team_ref', to='accounts_team'),
        ),
        migrations.AddIndex(
            model_name='importrun',
            index=models.Index(fields=['tenant', '-created_at'], name='import_run_newest_first'),
        ),
        migrations.AddIndex(
            model_name='importrun',
            index=models.Index(fields=['tenant', 'actor'], name='accounts_im_tenant__5a0e08_idx'),
        ),
        migrations.AddConstraint(
            model_name='importrun',
            constraint=models.UniqueConstraint(fields=('tenant', 'id'), name='accounts_importrun_pair'),
        ),
        migrations.AddConstraint(
            model_name='importrun',
            constraint=accounts.tenancy.rls.TenantReference(field='actor_id', name='accounts_importrun_actor_ref', to='accounts_membership'),
        ),
        migrations.AddIndex(
            model_name='importfile',
            index=models.Index(fields=['tenant', 'run'], name='accounts_im_tenant__b9dac7_idx'),
        ),
        migrations.AddConstraint(
            model_name='importfile',
            constraint=models.UniqueConstraint(fields=('tenant', 'id'), name='accounts_importfile_pair'),
        ),
        migrations.AddIndex(
            model_name='apitoken',
            index=models.Index(fields=['tenant', 'membership'], name='accounts_ap_tenant__bc3530_idx'),
        ),
        migrations.AddConstraint(
            model_name='apitoken',
            constraint=models.UniqueConstraint(fields=('tenant', 'id'), name='accounts_apitoken_pair'),
        ),
    ]
