from django.db import migrations

from accounts.tenancy.lookups import LookupFunction


class Migration(migrations.Migration):
    dependencies = [("outcomes", "0003_a_day_behind")]

    operations = [
        LookupFunction(
            name="oldest_mark",
            takes="",
            returns="timestamptz",
            reads={"outcomes_statisticmark": "id, at"},
            # By the key, which is given in the order of time: the first row of an index instead of all of them.
            body="SELECT m.at FROM public.outcomes_statisticmark AS m ORDER BY m.id LIMIT 1",
        ),
    ]
