"""Lena invites a rep, a manager and a leader; each comes in by the letter, and one is let go and stays elsewhere."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from accounts.models import Membership, Team, Tenant, User
from accounts.tenancy.scope import tenant_scope
from tests.accounts.letters import last_secret
from tests.frontend.browser.conftest import Open
from tests.frontend.browser.look import Look, overhang, violations
from tests.make import PASSWORD, make_member

PEOPLE = "/o/northwind/settings/people/"


def sound(page: Page) -> None:
    assert violations(page) == []
    assert overhang(page) <= 0


def join(page: Page, email: str, name: str) -> None:
    """Open the letter's link and make a sign-in on the spot."""
    page.goto(f"/invitations/{last_secret(email)}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Join Northwind")
    sound(page)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Join Northwind").click()
    expect(page.get_by_role("alert")).to_be_visible()
    sound(page)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Join Northwind").click()
    page.wait_for_url("**/o/northwind/**")


def test_from_the_invitation_to_the_farewell(
    opened: Open, lena: Membership, eve: Membership, northwind: Tenant
) -> None:
    with tenant_scope(northwind.pk):
        Team.objects.create(name="Nordics")
    hers = opened(lena)
    people = {"rina": "rep", "milo": "manager", "lou": "leader"}
    for name, role in people.items():
        hers.goto(PEOPLE)
        hers.get_by_role("link", name="Invite people").click()
        hers.get_by_label("E-mail addresses").fill(f"{name}@example.com")
        hers.get_by_label("Role", exact=True).select_option(role)
        hers.get_by_role("button", name="Send the invitations").click()
        expect(hers.get_by_text("1 person invited")).to_be_visible()
        sound(hers)

    theirs = {name: opened(None, Look(390) if name == "rina" else None) for name in people}
    for name, page in theirs.items():
        join(page, f"{name}@example.com", name.capitalize())
        page.goto(PEOPLE)
        expect(page.get_by_role("link", name="Invite people")).to_have_count(0 if name == "rina" else 1)
        sound(page)

    # Rina has a place at Southwind, too: two tabs, two organisations, two roles.
    rina = User.objects.get(email="rina@example.com")
    make_member("rina", tenant=eve.tenant, role="leader")
    here, there = theirs["rina"], theirs["rina"].context.new_page()
    there.goto("/o/southwind/settings/people/invite/")
    expect(there.get_by_label("E-mail addresses")).to_be_visible()
    here.goto(f"{PEOPLE}invite/")
    expect(here.get_by_label("E-mail addresses")).to_have_count(0)

    with tenant_scope(northwind.pk):
        key = Membership.objects.get(user=rina).pk
    hers.goto(f"{PEOPLE}{key}/")
    sound(hers)
    hers.get_by_role("link", name="Deactivate").click()
    sound(hers)
    hers.get_by_role("button", name="Deactivate Rina").click()
    expect(hers.get_by_role("button", name="Reactivate")).to_be_visible()
    assert here.goto("/o/northwind/deals/").status == 404  # type: ignore[union-attr]
    there.reload()
    expect(there.get_by_label("E-mail addresses")).to_be_visible()


def test_a_link_that_opens_nothing_says_so(opened: Open) -> None:
    page = opened(None, Look(320))
    page.goto(f"/invitations/{'x' * 43}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("This invitation opens nothing")
    sound(page)


def test_people_are_found_and_changed_without_a_script(opened: Open, lena: Membership, omar: Membership) -> None:
    page = opened(lena, java_script_enabled=False)
    page.goto(f"{PEOPLE}?q=omar")
    expect(page.get_by_role("link", name="Lena")).to_have_count(0)
    page.get_by_role("link", name="Omar").click()
    page.get_by_label("Role").select_option("manager")
    page.get_by_role("button", name="Save the changes").click()
    expect(page.get_by_text("Manager", exact=True).first).to_be_visible()
