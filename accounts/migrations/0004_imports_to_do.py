from django.db import migrations

from accounts.tenancy.lookups import LookupFunction


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_import_bookkeeping")]

    operations = [
        LookupFunction(
            name="tenants_with_imports",
            takes="untouched_since timestamptz",
            returns="TABLE (tenant_id bigint)",
            reads={"accounts_importrun": "tenant_id, state, touched_at"},
            body=(
                "SELECT DISTINCT r.tenant_id FROM public.accounts_importrun AS r"
                " WHERE r.state IN ('queued', 'running') AND r.touched_at < $1"
            ),
        ),
    ]
