"""Tenants that work at random beside each other, and a plain Python book of what each of them must see.

Keys are drawn from everybody's rows, so that each step may aim at a row of another tenant. A step that reaches one,
or that is refused what is its own, raises `Leak`.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, multiple, precondition, rule

from accounts.models import Tenant
from accounts.tenancy.scope import NoTenant, TenantSwitch, tenant_bound, tenant_scope
from strategy.models import Company, Deal, Pipeline, Stage
from tests.databases import Connection, as_maintenance

TENANTS = 3
calm: dict[str, Any] = {
    "deadline": None,
    "database": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
}
settings.register_profile("quick", max_examples=15, stateful_step_count=30, **calm)
settings.register_profile("nightly", max_examples=2000, stateful_step_count=60, **calm)
PROFILE = settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
# For a machine that is meant to fail: the first failure is enough, and it is the same in every run.
HUNT = settings(PROFILE, phases=[Phase.generate], derandomize=True, report_multiple_bugs=False, max_examples=60)

number = st.integers(0, TENANTS - 1)
maybe = st.sampled_from([None, None, None, *range(TENANTS)])
word = st.sampled_from(["Acme", "Initech", "Umbrella"])


class Leak(AssertionError):
    """A tenant met another one, or was kept from its own rows."""

    seen = False

    def __init__(self, what: str) -> None:
        super().__init__(what)
        Leak.seen = True


class Book:
    """What one tenant has, as it should be."""

    def __init__(self) -> None:
        self.companies: dict[uuid.UUID, tuple[str, str, uuid.UUID | None]] = {}  # name, industry, parent
        self.deals: dict[uuid.UUID, tuple[str, uuid.UUID | None]] = {}  # name, company
        self.pipelines: dict[str, int] = {}  # name, position

    def everything(self) -> dict[str, Any]:
        return {"companies": self.companies, "deals": self.deals, "pipelines": self.pipelines}


@contextmanager
def refused(*kinds: type[BaseException], when: bool = True) -> Iterator[None]:
    """What happens inside must fail with one of the kinds, or must not fail at all."""
    try:
        yield
    except kinds as error:
        if not when:
            raise Leak(f"refused what is its own: {error}") from error
    else:
        if when:
            raise Leak("done, though it should be refused")


class Isolation(RuleBasedStateMachine):
    """`walled` is false for the proof that the manager alone holds: then nothing is asked past it."""

    walled = True
    all_rows: Connection
    companies: Any = Bundle("companies")
    deals: Any = Bundle("deals")

    def __init__(self) -> None:
        super().__init__()
        Leak.seen = False
        type(self).all_rows = as_maintenance()
        for table in ("strategy_deal", "strategy_company", "strategy_stage", "strategy_pipeline"):
            self.all_rows.execute(f"DELETE FROM {table}")
        self.ids: list[int] = []
        self.stages: list[Stage] = []
        self.books: list[Book] = []

    @initialize(target=companies)
    def found(self) -> Any:
        for _ in range(TENANTS):
            tenant = Tenant.objects.create(slug=uuid.uuid4().hex, name="x")
            with refused(DatabaseError, when=False), tenant_scope(tenant.pk):
                company = Company.objects.create(name="First")
                stage = Stage.objects.create(pipeline=Pipeline.objects.create(name="First"), name="First", position=1)
            self.ids.append(tenant.pk)
            self.stages.append(stage)
            self.books.append(Book())
            self.books[-1].companies[company.pk] = ("First", "", None)
            self.books[-1].pipelines["First"] = 1
        return multiple(*(key for book in self.books for key in book.companies))

    @contextmanager
    def working(self, me: int) -> Iterator[None]:
        """Nothing inside may be refused."""
        with refused(DatabaseError, when=False), tenant_scope(self.ids[me]):
            yield

    def owns(self, me: int, company: uuid.UUID | None) -> bool:
        return company is None or company in self.books[me].companies

    def sql(self, statement: str, values: list[Any] | None = None) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else cursor.rowcount

    def insert(self, row: Company) -> None:
        """The row by SQL of one's own, past manager and model."""
        fields = row._meta.local_fields
        values = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
        columns, places = ", ".join(field.column for field in fields), ", ".join(["%s"] * len(fields))
        self.sql(f"INSERT INTO {row._meta.db_table} ({columns}) VALUES ({places})", values)

    # --- adding ---

    @rule(
        target=companies,
        me=number,
        name=word,
        parent=st.none() | companies,
        how=st.sampled_from(["save", "bulk", "raw"]),
    )
    def add_company(self, me: int, name: str, parent: uuid.UUID | None, how: str) -> uuid.UUID:
        key = uuid.uuid4()
        with refused(DatabaseError, when=not self.owns(me, parent)), tenant_scope(self.ids[me]):
            if how == "raw":
                self.insert(Company(id=key, tenant_id=self.ids[me], name=name, parent_id=parent))
            elif how == "bulk":
                Company.objects.bulk_create([Company(id=key, name=name, parent_id=parent)])
            else:
                Company(id=key, name=name, parent_id=parent).save(force_insert=True)
        if self.owns(me, parent):
            self.books[me].companies[key] = (name, "", parent)
        return key

    @rule(target=deals, me=number, name=word, company=st.none() | companies, whose_stage=maybe)
    def add_deal(self, me: int, name: str, company: uuid.UUID | None, whose_stage: int | None) -> uuid.UUID:
        whose_stage = me if whose_stage is None else whose_stage
        deal = Deal(name=name, company_id=company, stage=self.stages[whose_stage], currency="EUR")
        deal.pipeline_id = self.stages[me].pipeline_id
        possible = self.owns(me, company) and whose_stage == me
        with refused(DatabaseError, when=not possible), tenant_scope(self.ids[me]):
            deal.save()
        if possible:
            self.books[me].deals[deal.pk] = (name, company)
        return deal.pk

    @rule(me=number, name=word, position=st.integers(1, 9))
    def upsert_pipeline(self, me: int, name: str, position: int) -> None:
        with self.working(me):
            Pipeline.objects.bulk_create(
                [Pipeline(name=name, position=position)],
                update_conflicts=True,
                unique_fields=["tenant", "name"],
                update_fields=["position"],
            )
        self.books[me].pipelines[name] = position

    # --- changing ---

    @rule(me=number, company=companies, name=word, how=st.sampled_from(["update", "save", "raw"]))
    def rename(self, me: int, company: uuid.UUID, name: str, how: str) -> None:
        own = company in self.books[me].companies
        with self.working(me):
            if how == "save":
                row = Company.objects.filter(pk=company).first()
                changed = int(row is not None)
                if row is not None:
                    row.name = name
                    row.save()
            elif how == "raw" and self.walled:
                changed = self.sql("UPDATE strategy_company SET name = %s WHERE id = %s", [name, company])
            else:
                changed = Company.objects.filter(pk=company).update(name=name)
        self.expect(changed, int(own), f"renamed by {how}")
        if own:
            self.books[me].companies[company] = (name, *self.books[me].companies[company][1:])

    @rule(me=number, industry=word, raw=st.booleans())
    def sweep(self, me: int, industry: str, raw: bool) -> None:
        """An update that forgot its WHERE."""
        with self.working(me):
            if raw and self.walled:
                changed = self.sql("UPDATE strategy_company SET industry = %s", [industry])
            else:
                changed = Company.objects.update(industry=industry)
        book = self.books[me].companies
        self.expect(changed, len(book), "swept")
        book.update({key: (name, industry, parent) for key, (name, _, parent) in book.items()})

    @rule(me=number, deal=deals, company=st.none() | companies, raw=st.booleans())
    def point(self, me: int, deal: uuid.UUID, company: uuid.UUID | None, raw: bool) -> None:
        own = deal in self.books[me].deals
        with refused(DatabaseError, when=own and not self.owns(me, company)), tenant_scope(self.ids[me]):
            if raw and self.walled:
                self.sql("UPDATE strategy_deal SET company_id = %s WHERE id = %s", [company, deal])
            else:
                Deal.objects.filter(pk=deal).update(company=company)
        if own and self.owns(me, company):
            self.books[me].deals[deal] = (self.books[me].deals[deal][0], company)

    @rule(me=number, other=number, company=companies, raw=st.booleans())
    @precondition(lambda self: self.walled)
    def hand_over(self, me: int, other: int, company: uuid.UUID, raw: bool) -> None:
        """A row that is to belong to somebody else from now on."""
        own = company in self.books[me].companies
        with refused(DatabaseError, when=own and me != other), tenant_scope(self.ids[me]):
            if raw:
                self.sql("UPDATE strategy_company SET tenant_id = %s WHERE id = %s", [self.ids[other], company])
            else:
                Company.objects.filter(pk=company).update(tenant_id=self.ids[other])

    @rule(me=number, other=number, raw=st.booleans())
    @precondition(lambda self: self.walled)
    def plant(self, me: int, other: int, raw: bool) -> None:
        """A row that is written under somebody else's name."""
        key = uuid.uuid4()
        with refused(DatabaseError, when=me != other), tenant_scope(self.ids[me]):
            if raw:
                self.insert(Company(id=key, tenant_id=self.ids[other], name="planted"))
            else:
                Company(id=key, tenant_id=self.ids[other], name="planted").save(force_insert=True)
        if me == other:
            self.books[me].companies[key] = ("planted", "", None)

    # --- removing ---

    @rule(me=number, company=consumes(companies), raw=st.booleans())
    def remove_company(self, me: int, company: uuid.UUID, raw: bool) -> None:
        book, raw = self.books[me], raw and self.walled
        has_deals = company in [held for _, held in book.deals.values()]
        has_children = company in [parent for _, _, parent in book.companies.values()]
        kept = has_deals or (raw and has_children)
        with refused(DatabaseError, ProtectedError, when=kept), tenant_scope(self.ids[me]):
            if raw:
                self.sql("DELETE FROM strategy_company WHERE id = %s", [company])
            else:
                Company.objects.filter(pk=company).delete()
        if not kept and book.companies.pop(company, None):
            for key, (name, industry, parent) in book.companies.items():
                book.companies[key] = (name, industry, None if parent == company else parent)

    @rule(me=number, raw=st.booleans())
    def remove_deals(self, me: int, raw: bool) -> None:
        """A removal that forgot its WHERE."""
        with self.working(me):
            if raw and self.walled:
                self.sql("DELETE FROM strategy_deal")
            else:
                Deal.objects.all().delete()
        self.books[me].deals.clear()

    # --- what does not happen ---

    @rule(me=number, name=word, how=st.sampled_from(["exception", "rollback", "sql", "savepoint"]))
    def undo(self, me: int, name: str, how: str) -> None:
        def change() -> None:
            Company.objects.create(name=name)
            Company.objects.update(industry="undone")
            if how == "sql":
                self.sql("SELECT 1 / 0")
            if how == "exception":
                raise KeyError
            transaction.set_rollback(True)

        try:
            with tenant_scope(self.ids[me]):
                if how == "savepoint":
                    with transaction.atomic():
                        change()
                    self.compare(me)
                else:
                    change()
        except (KeyError, DatabaseError):
            pass

    @rule(me=number, other=number)
    def switch(self, me: int, other: int) -> None:
        with self.working(me):
            with refused(TenantSwitch, when=me != other), tenant_scope(self.ids[other]):
                pass
            self.compare(me)

    @rule(raw=st.booleans(), inside_a_transaction=st.booleans())
    def look_from_outside(self, raw: bool, inside_a_transaction: bool) -> None:
        ask: Callable[[], Any] = lambda: Company.objects.count()  # noqa: E731
        if raw and self.walled:
            ask = lambda: self.sql("SELECT count(*) FROM strategy_company")  # noqa: E731
        with refused(NoTenant):
            if inside_a_transaction:
                with transaction.atomic():
                    ask()
            else:
                ask()

    # --- looking ---

    @rule(me=number, bound=st.booleans())
    def look(self, me: int, bound: bool) -> None:
        enter = tenant_bound if bound else tenant_scope
        with refused(DatabaseError, when=False), enter(self.ids[me]), transaction.atomic():
            self.compare(me)

    @rule(me=number, company=companies)
    def ask_for_one(self, me: int, company: uuid.UUID) -> None:
        own = company in self.books[me].companies
        with self.working(me):
            answers = [
                Company.objects.filter(pk=company).exists(),
                Company.objects.filter(pk=company).select_related("parent").first() is not None,
                bool(Company.objects.in_bulk([company])),
                bool(self.sql("SELECT FROM strategy_company WHERE id = %s", [company])) if self.walled else own,
            ]
            self.expect(answers, [own] * 4, "asked for one")
            held = {key for key, (_, of) in self.books[me].deals.items() if of == company}
            found = {deal.pk for deal in Deal.objects.filter(company_id=company)}
            self.expect(found, held, "deals of a company")

    def compare(self, me: int) -> None:
        book = self.books[me]
        seen = Book()
        seen.companies = {c.pk: (c.name, c.industry, c.parent_id) for c in Company.objects.select_related("parent")}
        seen.deals = {
            d.pk: (d.name, d.company and d.company.pk) for d in Deal.objects.select_related("company", "stage")
        }
        seen.pipelines = dict(Pipeline.objects.values_list("name", "position"))
        self.expect(seen.everything(), book.everything(), "seen by the ORM")
        held = dict.fromkeys(book.companies, 0)
        for _, company in book.deals.values():
            if company:
                held[company] += 1
        counted = {c.pk: len(c.deals.all()) for c in Company.objects.prefetch_related("deals")}
        self.expect(counted, held, "prefetched")
        if self.walled:
            rows = self.sql("SELECT id, name, industry, parent_id FROM strategy_company")
            self.expect({key: (n, i, p) for key, n, i, p in rows}, book.companies, "seen by raw SQL")
            joined = self.sql("SELECT d.id FROM strategy_deal d LEFT JOIN strategy_company c ON c.id = d.company_id")
            self.expect({key for (key,) in joined}, set(book.deals), "joined by raw SQL")

    def teardown(self) -> None:
        """The truth, seen by a role that sees every tenant."""
        try:
            for tenant_id, book in () if Leak.seen else zip(self.ids, self.books, strict=True):
                rows = self.all_rows.execute(
                    "SELECT id, name, industry, parent_id FROM strategy_company WHERE tenant_id = %s", [tenant_id]
                ).fetchall()
                self.expect({key: (n, i, p) for key, n, i, p in rows}, book.companies, "there in truth")
                deals = self.all_rows.execute(
                    "SELECT id, name, company_id FROM strategy_deal WHERE tenant_id = %s", [tenant_id]
                ).fetchall()
                self.expect({key: (n, c) for key, n, c in deals}, book.deals, "there in truth")
        finally:
            self.all_rows.close()

    def expect(self, found: Any, wanted: Any, what: str) -> None:
        if found != wanted:
            raise Leak(f"{what}: {found} instead of {wanted}")


class IsolationByManager(Isolation):
    """Without a wall: the manager's predicate and the composite references stand alone."""

    walled = False
