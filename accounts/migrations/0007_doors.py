from django.db import migrations

from accounts.tenancy.lookups import LookupFunction


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_people_and_doors")]

    operations = [
        LookupFunction(
            name="invitation",
            takes="secret_digest bytea",
            returns="TABLE (tenant_id bigint, invitation_id uuid)",
            reads={"accounts_invitation": "id, tenant_id, digest, expires_at, accepted_at, revoked_at"},
            body=(
                "SELECT i.tenant_id, i.id FROM public.accounts_invitation AS i WHERE i.digest = $1"
                " AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > now()"
            ),
        ),
        LookupFunction(
            name="tenants_of_domain",
            takes="mail_domain text",
            returns="TABLE (tenant_id bigint)",
            reads={"accounts_emaildomain": "tenant_id, domain, verified_at"},
            body=(
                "SELECT d.tenant_id FROM public.accounts_emaildomain AS d"
                " WHERE d.domain = $1 AND d.verified_at IS NOT NULL"
            ),
        ),
        LookupFunction(
            name="operator_accesses",
            takes="person uuid",
            returns="TABLE (tenant_id bigint, access_id uuid)",
            reads={"accounts_operatoraccess": "id, tenant_id, operator_id, expires_at, ended_at"},
            body=(
                "SELECT a.tenant_id, a.id FROM public.accounts_operatoraccess AS a"
                " WHERE a.operator_id = $1 AND a.ended_at IS NULL AND a.expires_at > now()"
            ),
        ),
    ]
