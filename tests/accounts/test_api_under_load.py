"""When the database is busy with somebody else: a program is told to come again, and nothing is stored."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connections

from accounts.api import ids
from accounts.models import Membership
from tests.api import Program, furnish, make_secret


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_holds_for_long_is_told_as_busy(lena: Membership) -> None:
    things, program = furnish(lena), Program(make_secret(lena))
    login = connections["default"].get_connection_params()
    wanted = {name: login[name] for name in ("host", "port", "user", "password", "dbname") if name in login}
    with psycopg.connect(**wanted) as somebody:
        somebody.execute("SELECT set_config('app.tenant_id', %s, true)", [str(lena.tenant_id)])
        somebody.execute("SELECT 1 FROM strategy_deal WHERE id = %s FOR UPDATE", [ids.decode("deal", things.deal)])
        answer = program.post("milestones", {"deal": things.deal, "type": things.mty, "words": "Yes."})
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "busy", "1")
    assert [milestone["words"] for milestone in program.all("milestones")] == [""]
    assert program.post("milestones", {"deal": things.deal, "type": things.mty, "words": "Yes."}).status_code == 201
