from django.db import migrations

from accounts.tenancy.lookups import LookupFunction


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        LookupFunction(
            name="places_of",
            takes="person uuid",
            returns="TABLE (tenant_id bigint, membership_id uuid)",
            reads={"accounts_membership": "id, tenant_id, user_id, is_active"},
            body="SELECT m.tenant_id, m.id FROM public.accounts_membership AS m WHERE m.user_id = $1 AND m.is_active",
        ),
        LookupFunction(
            name="token",
            takes="token_prefix text, token_digest bytea",
            returns="TABLE (tenant_id bigint, token_id uuid)",
            reads={"accounts_apitoken": "id, tenant_id, prefix, digest, expires_at, revoked_at"},
            body=(
                "SELECT t.tenant_id, t.id FROM public.accounts_apitoken AS t"
                " WHERE t.prefix = $1 AND t.digest = $2 AND t.revoked_at IS NULL"
                " AND (t.expires_at IS NULL OR t.expires_at > now())"
            ),
        ),
    ]
