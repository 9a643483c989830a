"""People who run the installation enter an organisation to read it, for a reason and for an hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, Membership, OperatorAccess, Tenant, User
from accounts.refusals import Invalid
from accounts.services.operators import NotAnOperator, enter_organisation
from accounts.tenancy.scope import tenant_scope
from tests.make import make_user
from tests.post import letters
from tests.sessions import shown_second_factor

WHY = "Omar reports that his deals are gone since noon."
DEALS, LOOKED = "/o/northwind/deals/", "/o/northwind/settings/operators/"


def make_operator(name: str) -> User:
    """Somebody who runs the installation and signs in with a second step."""
    user = make_user(name)
    User.objects.filter(pk=user.pk).update(is_staff=True)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    user.refresh_from_db()
    return user


@pytest.fixture
def ada(db: None) -> User:
    return make_operator("ada")


@pytest.fixture
def as_ada(client: Client, ada: User) -> Client:
    client.force_login(ada)
    shown_second_factor(client, ada)
    return client


def entries(tenant: Tenant) -> list[tuple[str, object]]:
    with tenant_scope(tenant.pk):
        found = AuditEvent.objects.filter(kind="operator").order_by("at", "id")
        return [(entry.verb, entry.data.get("path", entry.data.get("reason"))) for entry in found]


class TestEntering:
    def test_ada_reads_for_a_reason_and_everybody_who_owns_it_knows(self, as_ada: Client, northwind: Tenant) -> None:
        assert as_ada.get(DEALS).status_code == 404
        answer = as_ada.post("/operators/", {"slug": "northwind", "reason": WHY})
        assert (answer.status_code, answer["Location"]) == (303, "/o/northwind/")
        page = as_ada.get(DEALS)
        assert page.status_code == 200
        assert "You are reading Northwind as an operator." in page.content.decode()
        assert entries(northwind) == [("operator.entered", WHY), ("operator.looked", DEALS)]
        (letter,) = letters("lena@example.com", "operator_access")
        assert letter.subject == "An operator is reading Northwind"
        assert WHY in letter.body

    def test_she_is_no_member_and_appears_as_none(self, as_ada: Client, client: Client, lena: Membership) -> None:
        as_ada.post("/operators/", {"slug": "northwind", "reason": WHY})
        as_ada.get(DEALS)
        with tenant_scope(lena.tenant.pk):
            assert list(Membership.objects.values_list("name", flat=True)) == ["Lena"]
        assert "Northwind" not in as_ada.get("/organisations/").content.decode()

    def test_a_session_that_has_not_shown_the_second_step_shows_it_first(
        self, as_ada: Client, client: Client, ada: User, northwind: Tenant
    ) -> None:
        as_ada.post("/operators/", {"slug": "northwind", "reason": WHY})
        client.logout()
        client.force_login(ada)
        assert client.get(DEALS)["Location"] == "/operators/"
        assert client.get("/operators/")["Location"] == "/accounts/2fa/reauthenticate/?next=%2Foperators%2F"
        assert client.post("/operators/", {"slug": "northwind", "reason": WHY}).status_code == 302

    @pytest.mark.parametrize("reason", ["", "because", " " * 40 + "because", "x" * 1001])
    def test_nobody_enters_without_a_reason(self, as_ada: Client, northwind: Tenant, reason: str) -> None:
        assert as_ada.post("/operators/", {"slug": "northwind", "reason": reason}).status_code == 422
        assert as_ada.get(DEALS).status_code == 404

    def test_an_address_of_nothing_is_said(self, as_ada: Client) -> None:
        answer = as_ada.post("/operators/", {"slug": "nowhere", "reason": WHY})
        assert answer.status_code == 422
        assert "No organisation has this address." in answer.content.decode()

    def test_a_password_alone_opens_nothing(self, client: Client, northwind: Tenant) -> None:
        user = make_user("max")
        User.objects.filter(pk=user.pk).update(is_staff=True)
        client.force_login(user)
        assert "Set up two-step sign-in first" in client.get("/operators/").content.decode()
        assert client.post("/operators/", {"slug": "northwind", "reason": WHY}).status_code == 422
        assert client.get(DEALS).status_code == 404

    def test_for_everybody_else_the_page_is_not_there(self, client: Client, lena: Membership) -> None:
        client.force_login(lena.user)
        assert client.get("/operators/").status_code == 404
        assert client.post("/operators/", {"slug": "northwind", "reason": WHY}).status_code == 404


@pytest.fixture
def entered(ada: User, northwind: Tenant) -> OperatorAccess:
    return enter_organisation(operator=ada, tenant=northwind, reason=WHY, at=timezone.now())


@pytest.mark.usefixtures("entered")
class TestReading:
    def test_nothing_is_changed_and_nothing_taken_away(
        self, as_ada: Client, northwind: Tenant, count: Callable[[], None]
    ) -> None:
        count()
        answer = as_ada.post("/o/northwind/log/", {"kind": "x"})
        assert answer.status_code == 403
        assert "You are here as an operator, to read." in answer.content.decode()
        assert as_ada.get("/o/northwind/execution.csv").status_code == 403
        for page in ("settings/tokens/", "settings/general/", "settings/audit/", "log/", "imports/new/"):
            assert as_ada.get(f"/o/northwind/{page}").status_code == 403

    def test_the_wall_stands(self, as_ada: Client, eve: Membership) -> None:
        assert as_ada.get("/o/southwind/deals/").status_code == 404

    def test_another_operator_enters_by_their_own_reason(self, client: Client) -> None:
        client.force_login(make_operator("bo"))
        assert client.get(DEALS).status_code == 404

    def test_it_ends_with_the_hour(self, as_ada: Client) -> None:
        assert as_ada.get(DEALS).status_code == 200
        with time_machine.travel(timezone.now() + timedelta(minutes=61)):
            assert as_ada.get(DEALS).status_code == 404

    def test_it_ends_with_a_button(self, as_ada: Client, entered: OperatorAccess, northwind: Tenant) -> None:
        assert as_ada.post(f"/operators/{entered.pk}/leave/").status_code == 303
        assert as_ada.get(DEALS).status_code == 404
        assert [verb for verb, _ in entries(northwind)] == ["operator.entered", "operator.left"]

    def test_it_ends_when_she_no_longer_runs_the_installation(self, as_ada: Client, ada: User) -> None:
        User.objects.filter(pk=ada.pk).update(is_staff=False)
        assert as_ada.get(DEALS).status_code == 404

    def test_it_ends_with_her_second_step(self, as_ada: Client, ada: User) -> None:
        Authenticator.objects.filter(user=ada).delete()
        assert as_ada.get(DEALS).status_code == 404

    def test_another_cannot_end_it(self, client: Client, entered: OperatorAccess, northwind: Tenant) -> None:
        client.force_login(make_operator("bo"))
        client.post(f"/operators/{entered.pk}/leave/")
        assert [verb for verb, _ in entries(northwind)] == ["operator.entered"]


@pytest.mark.usefixtures("entered")
class TestOwners:
    def test_lena_reads_who_looked_and_shows_them_out(
        self, client: Client, lena: Membership, ada: User, entered: OperatorAccess
    ) -> None:
        client.force_login(lena.user)
        page = client.get(LOOKED).content.decode()
        assert "ada@example.com" in page
        assert WHY in page
        assert client.post(f"{LOOKED}{entered.pk}/end/").status_code == 303
        client.force_login(ada)
        assert client.get(DEALS).status_code == 404

    def test_those_who_do_not_direct_read_nothing_of_it(
        self, client: Client, omar: Membership, entered: OperatorAccess
    ) -> None:
        client.force_login(omar.user)
        assert client.get(LOOKED).status_code == 403
        assert client.post(f"{LOOKED}{entered.pk}/end/").status_code == 403

    def test_eve_finds_nothing_of_it(self, client: Client, eve: Membership, entered: OperatorAccess) -> None:
        client.force_login(eve.user)
        assert "ada@example.com" not in client.get("/o/southwind/settings/operators/").content.decode()
        assert client.post(f"/o/southwind/settings/operators/{entered.pk}/end/").status_code == 404


class TestCommand:
    def test_gives_the_same_leave_and_ends_it(self, as_ada: Client, northwind: Tenant) -> None:
        said = StringIO()
        who = ["--operator", "ada@example.com", "--tenant", "northwind"]
        call_command("enter_organisation", *who, "--reason", WHY, stdout=said)
        assert "may read /o/northwind/ until" in said.getvalue()
        assert as_ada.get(DEALS).status_code == 200
        call_command("enter_organisation", *who, "--end", stdout=said)
        assert as_ada.get(DEALS).status_code == 404

    @pytest.mark.parametrize(
        ("operator", "tenant", "reason"),
        [("lena", "northwind", WHY), ("nobody", "northwind", WHY), ("ada", "nowhere", WHY), ("ada", "northwind", "x")],
    )
    def test_refuses_what_the_page_refuses(
        self, ada: User, northwind: Tenant, operator: str, tenant: str, reason: str
    ) -> None:
        who = ["--operator", f"{operator}@example.com", "--tenant", tenant, "--reason", reason]
        with pytest.raises(CommandError):
            call_command("enter_organisation", *who)


def test_only_operators_are_given_leave(lena: Membership, ada: User, southwind: Tenant) -> None:
    assert lena.user is not None
    with pytest.raises(NotAnOperator):
        enter_organisation(operator=lena.user, tenant=southwind, reason=WHY, at=timezone.now())
    with pytest.raises(Invalid):
        enter_organisation(operator=ada, tenant=southwind, reason="\0" * 30, at=timezone.now())
