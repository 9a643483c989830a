"""One activity on a page of its own: seen, corrected, taken back; and the types by which work is logged."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Membership, Tenant
from accounts.tenancy.scope import tenant_scope
from activities.models import Activity, ActivityType, OutputType
from activities.services import Gave, log_activity
from strategy.models import Company, Contact, Deal
from tests.make import NOON

SETTINGS = "/o/northwind/settings"


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return html.unescape(answer.content.decode())


@pytest.fixture
def samir(northwind: Tenant, deal: Deal) -> Contact:
    with tenant_scope(northwind.pk):
        company = deal.company or Company.objects.create(name="Haddad Water", name_key="haddadwater")
        Deal.objects.filter(pk=deal.pk).update(company=company)
        deal.company = company
        return Contact.objects.create(name="Samir Haddad", name_key="samirhaddad", company=company)


@pytest.fixture
def call(northwind: Tenant, omar: Membership, deal: Deal, samir: Contact) -> Activity:
    """Omar's call with Samir."""
    with tenant_scope(northwind.pk):
        return log_activity(
            actor=omar,
            type=ActivityType.objects.get(name="Call"),
            deal=deal,
            at=NOON - timedelta(days=1),
            recorded_at=NOON,
            contacts=[samir],
            outputs=[Gave(OutputType.objects.get(name="Reply"), "Loss map")],
            note="<b>They</b> asked for the plan",
            prepared=True,
        )


def now(call: Activity) -> Activity:
    with tenant_scope(call.tenant_id):
        return Activity.objects.select_related("type", "deal").get(pk=call.pk)


def test_the_timeline_says_with_whom_and_leads_to_all_of_it(as_omar: Client, deal: Deal, call: Activity) -> None:
    page = text(as_omar, f"/o/northwind/deals/{deal.pk}/")
    assert "Call with Samir Haddad" in page
    assert f'href="/o/northwind/activities/{call.pk}/"' in page
    one = text(as_omar, f"/o/northwind/activities/{call.pk}/")
    assert all(told in one for told in ("Call with Samir Haddad", "Reply: Loss map", "Omar", "None, it is unaligned"))
    assert "<b>They</b>" not in as_omar.get(f"/o/northwind/activities/{call.pk}/").content.decode()


def test_the_pages_of_a_company_and_a_contact_tell_what_was_done(
    as_omar: Client, call: Activity, samir: Contact
) -> None:
    for path in (f"companies/{samir.company_id}/", f"contacts/{samir.pk}/"):
        assert f"/o/northwind/activities/{call.pk}/" in text(as_omar, f"/o/northwind/{path}")


def filled(client: Client, path: str) -> dict[str, Any]:
    """The form as the page shows it."""
    page = client.get(path).content.decode()
    main = page[page.index("<main") :]
    found: dict[str, Any] = {}
    for name in ("purpose", "at", "minutes", "next_step", "next_step_on", "output_note", "version"):
        tag = re.search(rf'<input[^>]*name="{name}"[^>]*>', main)
        value = re.search(r'value="([^"]*)"', tag[0]) if tag else None
        found[name] = html.unescape(value[1]) if value else ""
    for name in ("type", "deal", "play", "horizon", "output_type"):
        select = re.search(rf'<select[^>]*name="{name}".*?</select>', main, re.DOTALL)
        chosen = re.search(r'value="([^"]*)"[^>]*selected', select[0]) if select else None
        found[name] = chosen[1] if chosen else ""
    for name in ("contacts", "keeps", "prepared", "right_person", "purpose_reached"):
        ticked = [tag for tag in re.findall(rf'<input[^>]*name="{name}"[^>]*>', main) if "checked" in tag]
        values = [re.search(r'value="([^"]*)"', tag) for tag in ticked]
        found[name] = [one[1] for one in values if one]
    note = re.search(r'<textarea[^>]*name="note"[^>]*>\s*(.*?)</textarea>', main, re.DOTALL)
    return {**found, "note": html.unescape(note[1]) if note else ""}


def test_a_form_that_was_only_looked_at_changes_nothing(as_omar: Client, call: Activity) -> None:
    path = f"/o/northwind/activities/{call.pk}/edit/"
    assert as_omar.post(path, filled(as_omar, path)).status_code == 303
    assert (now(call).version, now(call).at) == (1, call.at)


def test_omar_corrects_what_he_wrote_down(as_omar: Client, call: Activity, northwind: Tenant) -> None:
    path = f"/o/northwind/activities/{call.pk}/edit/"
    with tenant_scope(northwind.pk):
        demo = OutputType.objects.get(name="Demo given")
    given = filled(as_omar, path) | {"minutes": "50", "keeps": [], "contacts": [], "prepared": "no"}
    given |= {"output_type": str(demo.pk), "output_note": "Two regions", "purpose": "Agree the goal"}
    answer = as_omar.post(path, given)
    assert (answer.status_code, answer["Location"]) == (303, f"/o/northwind/activities/{call.pk}/")
    page = text(as_omar, answer["Location"])
    assert "Demo given: Two regions" in page
    assert "Nobody is named." in page
    assert "Loss map" not in page
    assert (now(call).minutes, now(call).prepared, now(call).purpose) == (50, False, "Agree the goal")
    late = as_omar.post(path, given | {"minutes": "51"})
    assert (late.status_code, "Somebody else changed this activity" in late.content.decode()) == (422, True)


def test_what_makes_no_sense_is_told_where_it_was_typed(as_omar: Client, call: Activity) -> None:
    path = f"/o/northwind/activities/{call.pk}/edit/"
    wrong = filled(as_omar, path) | {"at": "2199-01-01T10:00", "minutes": "2000", "contacts": ["nobody"]}
    page = as_omar.post(path, wrong)
    assert page.status_code == 422
    later = as_omar.post(path, filled(as_omar, path) | {"at": "2199-01-01T10:00"})
    assert (later.status_code, "not to come" in later.content.decode()) == (422, True)
    assert now(call).version == 1


def test_what_was_written_down_twice_is_taken_back(as_omar: Client, deal: Deal, call: Activity) -> None:
    answer = as_omar.post(f"/o/northwind/activities/{call.pk}/take-back/")
    assert (answer.status_code, answer["Location"]) == (303, f"/o/northwind/deals/{deal.pk}/")
    assert "Call taken back" in text(as_omar, answer["Location"])
    assert as_omar.get(f"/o/northwind/activities/{call.pk}/").status_code == 404


def test_vera_may_look_and_no_more(as_vera: Client, call: Activity) -> None:
    page = text(as_vera, f"/o/northwind/activities/{call.pk}/")
    assert "Take it back" not in page
    assert "/edit/" not in page
    for path in ("edit", "take-back"):
        assert as_vera.post(f"/o/northwind/activities/{call.pk}/{path}/").status_code == 403


def test_lena_keeps_the_types_of_her_own_work(as_lena: Client, omar: Membership, northwind: Tenant) -> None:
    visit = {"name": "Site visit", "icon": "company", "usual_minutes": "90", "counts_as": "preparation"}
    assert as_lena.post(f"{SETTINGS}/activity-types/", visit).status_code == 303
    page = text(as_lena, f"{SETTINGS}/activity-types/")
    assert all(told in page for told in ("Site visit", "Preparation", "1 h 30 min"))
    for wrong in ({"icon": "dragon"}, {"usual_minutes": "-1"}, {"name": "site  VISIT"}, {"counts_as": ""}):
        assert as_lena.post(f"{SETTINGS}/activity-types/", {**visit, "name": "Other", **wrong}).status_code == 422
    with tenant_scope(northwind.pk):
        made = ActivityType.objects.get(name="Site visit")
    one = f"{SETTINGS}/activity-types/{made.pk}/"
    assert as_lena.post(one, visit | {"usual_minutes": "120", "position": "1", "name": "Visit"}).status_code == 303
    assert as_lena.post(f"{one}archive/").status_code == 303
    with tenant_scope(northwind.pk):
        made.refresh_from_db()
    assert (made.name, made.position, made.usual_minutes, made.is_archived) == ("Visit", 1, 120, True)
    assert "Archived" in text(as_lena, f"{SETTINGS}/activity-types/")
    assert "Visit" not in text(as_lena, "/o/northwind/log/")
    as_lena.force_login(omar.user)
    assert as_lena.get(f"{SETTINGS}/activity-types/").status_code == 403


def test_lena_keeps_the_types_of_outputs(as_lena: Client, northwind: Tenant) -> None:
    assert as_lena.post(f"{SETTINGS}/output-types/", {"name": "Measurements sent"}).status_code == 303
    assert as_lena.post(f"{SETTINGS}/output-types/", {"name": "measurements sent"}).status_code == 422
    with tenant_scope(northwind.pk):
        made = OutputType.objects.get(name="Measurements sent")
    one = f"{SETTINGS}/output-types/{made.pk}/"
    assert as_lena.post(one, {"name": "Loss map sent", "position": "2"}).status_code == 303
    assert "Loss map sent" in text(as_lena, f"{SETTINGS}/output-types/")
    assert as_lena.post(f"{one}archive/").status_code == 303
    assert "Archived" in text(as_lena, f"{SETTINGS}/output-types/")
