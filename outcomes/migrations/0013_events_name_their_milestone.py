from django.db import migrations

# The subject is the milestone, which can be read, and the entry is named beside it, as the events of deals do.
TELL = """
CREATE OR REPLACE FUNCTION public.tell_outcomes_milestoneevent_insert() RETURNS trigger LANGUAGE plpgsql AS $tell$ BEGIN
 INSERT INTO public.accounts_outboxevent (tenant_id, type, subject_kind, subject_id, deal_id, member_id, effective_on,
  data)
 SELECT one.tenant_id, 'milestone.' || one.kind, {subject}, one.deal_id, one.actor_id, one.effective_on,
  {data} FROM new_rows AS one WHERE true;
 RETURN NULL; END $tell$;
"""
WITH_MILESTONE = TELL.format(
    subject=(
        "'mst', (SELECT m.id FROM public.outcomes_milestone AS m"
        " WHERE m.tenant_id = one.tenant_id AND m.deal_id = one.deal_id AND m.type_id = one.type_id)"
    ),
    data=("jsonb_build_object('milestone_event_id', one.id, 'milestone_type_id', one.type_id, 'grade', one.grade)"),
)
AS_IT_WAS = TELL.format(
    subject="'mev', one.id", data="jsonb_build_object('milestone_type_id', one.type_id, 'grade', one.grade)"
)


class Migration(migrations.Migration):
    dependencies = [("outcomes", "0012_events")]

    operations = [migrations.RunSQL(WITH_MILESTONE, AS_IT_WAS)]
