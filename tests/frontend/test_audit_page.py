"""The page on which those who direct read who did what."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime

import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test import Client

from accounts import audit
from accounts.models import ApiToken, AuditEvent, Membership, Tenant
from accounts.models.organisation import Role
from accounts.services import edit_organisation
from accounts.tenancy.scope import tenant_scope
from accounts.watch import DENIED, MOST_DENIED
from strategy.models import Deal
from tests.api import Program, make_secret
from tests.make import NOON, make_deal, make_member

PAGE, FILE = "/o/northwind/settings/audit/", "/o/northwind/settings/audit.csv"


def read(client: Client, address: str = PAGE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def told(text: str) -> list[tuple[str, str]]:
    """What was done, line by line."""
    return [(who, did.strip()) for who, did in re.findall(r"</td><td>([^<]+)</td><td>([^<]+)", text)]


@pytest.fixture
def done(lena: Membership, omar: Membership, northwind: Tenant) -> Deal:
    """Omar opened a deal, and Lena changed the name of the organisation."""
    with tenant_scope(northwind.pk):
        deal = make_deal(actor=omar, name="Leak analytics")
        edit_organisation(actor=lena, at=NOON, name="Northwind Sales")
    return deal


class TestReading:
    def test_lena_reads_who_did_what(self, as_lena: Client, done: Deal) -> None:
        lines = told(read(as_lena))
        assert ("Omar", "opened the deal Leak analytics") in lines
        assert ("Lena", "changed settings: name from Northwind to Northwind Sales") in lines
        assert ("Lena", "opened the organisation at northwind") in lines

    @pytest.mark.parametrize(
        ("question", "verbs"),
        [
            ("?what=deal", {"opened the deal Leak analytics", "qualified a deal as of 2026-10-19"}),
            ("?what=organisation&until=2026-11-17", set()),
            ("?what=nonsense&who=nobody&since=x&about=1", None),
            ("?since=0001-01-01&until=9999-12-31", None),
        ],
    )
    def test_it_is_narrowed_by_kind_and_period(
        self, as_lena: Client, done: Deal, question: str, verbs: set[str] | None
    ) -> None:
        lines = {did for _, did in told(read(as_lena, PAGE + question))}
        assert lines == verbs if verbs is not None else len(lines) >= 3

    def test_it_is_narrowed_by_person_and_by_row(self, as_lena: Client, omar: Membership, done: Deal) -> None:
        assert {who for who, _ in told(read(as_lena, f"{PAGE}?who={omar.pk}"))} == {"Omar"}
        assert {did for _, did in told(read(as_lena, f"{PAGE}?about={done.pk}"))} == {
            "opened the deal Leak analytics",
            "qualified a deal as of 2026-10-19",
        }

    def test_days_are_those_of_the_organisation(self, as_lena: Client, lena: Membership, northwind: Tenant) -> None:
        with tenant_scope(northwind.pk):
            edit_organisation(actor=lena, at=NOON, time_zone="Pacific/Auckland")
            late = datetime(2026, 11, 16, 20, 0, tzinfo=UTC)  # the 17th in Auckland
            audit.record(verb="team.added", subject=northwind, actor=lena, at=late, name="North")
        assert "added the team North" in read(as_lena, f"{PAGE}?since=2026-11-17&until=2026-11-17")
        assert "added the team North" not in read(as_lena, f"{PAGE}?since=2026-11-16&until=2026-11-16")

    def test_who_was_no_member_is_said(self, as_lena: Client, northwind: Tenant) -> None:
        with tenant_scope(northwind.pk):
            audit.record(verb="operator.left", subject=northwind, actor=None, at=NOON, operator="Ada")
            audit.record(verb="import.failed", subject=northwind, actor=None, at=NOON)
        lines = told(read(as_lena))
        assert ("Ada, operator", "left") in lines
        assert ("The system", "could not finish an import") in lines

    def test_with_which_token_and_in_which_request(self, client: Client, lena: Membership, omar: Membership) -> None:
        headers = {"X-Request-Id": "integration-77"}
        Program(make_secret(omar), **headers).post("deals", {"name": "By a program"})
        client.force_login(lena.user)
        text = read(client)
        assert "a program" in text
        assert "integration-77" in text

    def test_more_than_a_page_is_read_to_the_end_and_nothing_twice(
        self, as_lena: Client, lena: Membership, northwind: Tenant
    ) -> None:
        with tenant_scope(northwind.pk):
            for number in range(120):
                audit.record(verb="team.added", subject=northwind, actor=lena, at=NOON, name=f"Team {number}.")
        found, address = [], f"{PAGE}?what=team"
        while address:
            text = read(as_lena, address)
            found += re.findall(r"added the team (Team \d+\.)", text)
            more = re.search(r'href="([^"]+)" hx-get="[^"]+" hx-target="closest tr"', text)
            address = more[1].replace("&amp;", "&") if more else ""
        assert sorted(found) == sorted(f"Team {number}." for number in range(120))

    def test_nothing_that_fits_says_so(self, as_lena: Client) -> None:
        assert "No entry fits these filters" in read(as_lena, f"{PAGE}?what=import")

    @pytest.mark.parametrize("role", [Role.MANAGER, Role.REP, Role.VIEWER])
    def test_those_who_do_not_direct_read_nothing(self, client: Client, northwind: Tenant, role: Role) -> None:
        client.force_login(make_member("mia", tenant=northwind, role=role).user)
        assert [client.get(page).status_code for page in (PAGE, FILE)] == [403, 403]


class TestFile:
    def rows(self, client: Client, question: str = "") -> list[dict[str, str]]:
        answer = client.get(FILE + question)
        assert answer["Content-Disposition"] == 'attachment; filename="audit.csv"'
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    def test_has_what_the_page_shows(self, as_lena: Client, done: Deal) -> None:
        (row,) = [row for row in self.rows(as_lena, "?what=deal") if row["verb"] == "deal.opened"]
        assert (row["who"], row["what"], row["subject"]) == ("Omar", "opened the deal Leak analytics", str(done.pk))
        assert row["when"] == "2026-11-18 12:00:00"

    def test_runs_nothing_in_a_spreadsheet(self, as_lena: Client, lena: Membership, northwind: Tenant) -> None:
        with tenant_scope(northwind.pk):
            edit_organisation(actor=lena, at=NOON, name="=cmd|' /C calc'!A0")
            Membership.objects.filter(pk=lena.pk).update(name="@SUM(1)")
        assert all(not cell.startswith(("=", "@", "+")) for row in self.rows(as_lena) for cell in row.values())


class TestRefusals:
    def denials(self, northwind: Tenant) -> list[AuditEvent]:
        with tenant_scope(northwind.pk):
            return list(AuditEvent.objects.filter(verb=DENIED).order_by("at", "id"))

    def test_a_member_who_is_refused_is_written_down(
        self, as_omar: Client, omar: Membership, northwind: Tenant
    ) -> None:
        as_omar.get("/o/northwind/settings/general/")
        (entry,) = self.denials(northwind)
        assert (entry.actor_id, entry.data["path"]) == (omar.pk, "/o/northwind/settings/general/")

    def test_a_program_that_is_refused_is_written_down_with_its_token(
        self, omar: Membership, northwind: Tenant
    ) -> None:
        narrow = make_secret(omar, "deals:read")
        Program(narrow).post("deals", {"name": "x"})
        Program(make_secret(omar)).get("audit_events")
        assert [entry.data["method"] for entry in self.denials(northwind)] == ["POST", "GET"]
        with tenant_scope(northwind.pk):
            assert {entry.token_id for entry in self.denials(northwind)} == set(
                ApiToken.objects.values_list("pk", flat=True)
            )

    def test_nobody_fills_the_audit_by_asking_again(self, as_omar: Client, northwind: Tenant) -> None:
        for _ in range(MOST_DENIED + 5):
            assert as_omar.get("/o/northwind/settings/general/").status_code == 403
        entries = self.denials(northwind)
        assert len(entries) == MOST_DENIED
        assert "no_more_until" in entries[-1].data

    def test_a_form_that_is_too_old_is_no_denial(self, omar: Membership, northwind: Tenant) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(omar.user)
        assert strict.post("/o/northwind/log/", {"kind": "x"}).status_code == 403
        assert self.denials(northwind) == []

    def test_a_stranger_leaves_no_trace(self, client: Client, eve: Membership, northwind: Tenant) -> None:
        client.force_login(eve.user)
        client.get(PAGE)
        assert self.denials(northwind) == []


class TestAppendOnly:
    @pytest.mark.parametrize(
        "statement", ["UPDATE accounts_auditevent SET verb = 'x'", "DELETE FROM accounts_auditevent"]
    )
    def test_what_is_written_stays(self, lena: Membership, northwind: Tenant, statement: str) -> None:
        with tenant_scope(northwind.pk), pytest.raises(ProgrammingError) as refused:  # noqa: SIM117
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
        assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege)

    def test_no_door_changes_it(self, client: Client, lena: Membership) -> None:
        client.force_login(lena.user)
        assert [client.generic(method, PAGE).status_code for method in ("POST", "PUT", "PATCH", "DELETE")] == [405] * 4
        program = Program(make_secret(lena))
        entry = program.get("audit_events").json()["data"][0]["id"]
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert program.call(method, f"audit_events/{entry}", {}).status_code == 405
            assert program.call(method, "audit_events", {}).status_code == 405
