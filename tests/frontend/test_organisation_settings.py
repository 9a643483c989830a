"""The pages on which an organisation's settings are changed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Membership, Tenant
from accounts.models.organisation import Role
from accounts.services import edit_organisation
from accounts.tenancy.scope import tenant_scope
from tests.frontend.test_bad_requests import Forms
from tests.make import NOON, make_member

GENERAL, FIGURES = "/o/northwind/settings/general/", "/o/northwind/settings/figures/"


def shown(client: Client, page: str) -> dict[str, str]:
    """What the page's own form would send as it stands."""
    text = client.get(page).content.decode()
    parser = Forms()
    parser.feed(text)
    fields = next(fields for action, method, fields in parser.found if action == page)
    fields.pop("csrfmiddlewaretoken")
    for name in re.findall(r'<select name="(\w+)"', text):
        chosen = re.search(rf'<select name="{name}".*?<option value="([^"]*)" selected', text, re.DOTALL)
        fields[name] = chosen[1] if chosen else ""
    fields["seen"] = fields["seen"].replace("&quot;", '"')
    return fields


def test_what_is_shown_is_what_is_and_saving_it_changes_nothing(as_lena: Client, northwind: Tenant) -> None:
    for page in (GENERAL, FIGURES):
        fields = {name: value for name, value in shown(as_lena, page).items() if name != "group_only"}
        assert as_lena.post(page, fields).status_code == 303
    kept = Tenant.objects.values().get(pk=northwind.pk)
    assert kept == Tenant.objects.filter(pk=northwind.pk).values().get()
    assert (kept["slug"], kept["currency"], kept["group_only"]) == ("northwind", "EUR", False)


def test_lena_changes_how_figures_count_and_the_page_says_so(as_lena: Client, northwind: Tenant) -> None:
    chosen = shown(as_lena, FIGURES) | {"counts_from_grade": "3", "visibility": "team", "group_only": "on"}
    assert as_lena.post(FIGURES, chosen).status_code == 303
    northwind.refresh_from_db()
    assert (northwind.counts_from_grade, northwind.visibility, northwind.group_only) == (3, "team", True)
    assert "E3" in as_lena.get("/o/northwind/settings/").content.decode()


def test_a_new_address_leads_to_the_page_there(as_lena: Client, northwind: Tenant) -> None:
    answer = as_lena.post(GENERAL, shown(as_lena, GENERAL) | {"slug": "Northwind-Sales "})
    assert answer["Location"] == "/o/northwind-sales/settings/general/"
    assert as_lena.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("page", "wrong", "said"),
    [
        (GENERAL, {"name": ""}, "Give the name of your organisation."),
        (GENERAL, {"name": "\u200b"}, "Leave out the characters that cannot be seen."),
        (GENERAL, {"slug": "admin"}, "kept for the product itself"),
        (GENERAL, {"slug": "north wind"}, "small letters, digits and single hyphens"),
        (GENERAL, {"slug": "southwind"}, "Another organisation has the address"),
        (GENERAL, {"time_zone": "Mars/Olympus"}, "Choose from what is offered"),
        (GENERAL, {"currency": "XXY"}, "Choose from what is offered"),
        (GENERAL, {"fiscal_year_starts": "13"}, "Choose from what is offered"),
        (FIGURES, {"counts_from_grade": "9"}, "Choose from what is offered"),
        (FIGURES, {"visibility": ""}, "Choose one."),
    ],
)
def test_what_cannot_be_is_told_at_its_field_and_nothing_is_stored(
    as_lena: Client, southwind: Tenant, northwind: Tenant, page: str, wrong: dict[str, str], said: str
) -> None:
    before = Tenant.objects.values().get(pk=northwind.pk)
    answer = as_lena.post(page, shown(as_lena, page) | wrong)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "One thing to fix" in text
    assert text.count(said) == 2  # in the summary, and at the field
    assert Tenant.objects.values().get(pk=northwind.pk) == before


def test_two_who_edit_at_once_are_shown_both_values_and_the_second_decides(
    as_lena: Client, northwind: Tenant, lena: Membership
) -> None:
    chosen = shown(as_lena, GENERAL) | {"week_starts": "7"}
    with tenant_scope(northwind.pk):
        edit_organisation(actor=lena, at=NOON, week_starts=6)
    answer = as_lena.post(GENERAL, chosen)
    assert answer.status_code == 422
    assert "Meanwhile somebody has set this to “Saturday”. Save again to make it “Sunday”." in answer.content.decode()
    assert Tenant.objects.get(pk=northwind.pk).week_starts == 6
    parser = Forms()
    parser.feed(answer.content.decode())
    now = next(fields["seen"] for action, _, fields in parser.found if action == GENERAL)
    assert as_lena.post(GENERAL, chosen | {"seen": now}).status_code == 303
    assert Tenant.objects.get(pk=northwind.pk).week_starts == 7


@pytest.mark.parametrize("seen", ["", "[]", "{", "null", "[" * 1900, '{"week_starts": {"a": 1}}'])
def test_a_form_that_cannot_say_what_it_saw_overwrites_nothing(as_lena: Client, northwind: Tenant, seen: str) -> None:
    answer = as_lena.post(GENERAL, shown(as_lena, GENERAL) | {"week_starts": "7", "seen": seen})
    assert answer.status_code == 422
    assert Tenant.objects.get(pk=northwind.pk).week_starts == 1


@pytest.mark.parametrize("page", [GENERAL, FIGURES])
@pytest.mark.parametrize("role", [Role.MANAGER, Role.REP, Role.VIEWER])
def test_those_who_do_not_direct_neither_see_nor_change_it(
    client: Client, northwind: Tenant, role: Role, page: str
) -> None:
    client.force_login(make_member("mia", tenant=northwind, role=role).user)
    assert [client.get(page).status_code, client.post(page, {"name": "Mine"}).status_code] == [403, 403]
    assert page not in client.get("/o/northwind/settings/").content.decode()


def test_a_leader_is_not_offered_the_address(client: Client, northwind: Tenant) -> None:
    client.force_login(make_member("mia", tenant=northwind, role=Role.LEADER).user)
    fields: dict[str, Any] = shown(client, GENERAL)
    assert "slug" not in fields
    assert client.post(GENERAL, fields | {"slug": "mine", "name": "Northwind Sales"}).status_code == 303
    assert Tenant.objects.get(pk=northwind.pk).slug == "northwind"


def test_every_field_says_whom_it_affects(as_lena: Client) -> None:
    for page in (GENERAL, FIGURES):
        text = as_lena.get(page).content.decode()
        assert text.count('class="hint"') == len(shown(as_lena, page)) - 1
