"""Rows and the references between them: everything the ORM does stays inside the tenant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q

from accounts.models import Membership, Team
from accounts.tenancy.scope import tenant_scope
from strategy.models import Company, Deal, Pipeline, Stage
from tests.databases import as_maintenance
from tests.worlds import Seller, World

SAME_TENANT = 'AND ("strategy_company"."tenant_id" = ("strategy_deal"."tenant_id")))'


@pytest.fixture
def inside(world: World) -> Iterator[Seller]:
    """Inside Northwind, all of it undone."""
    with tenant_scope(world.northwind.pk):
        yield world.northwind
        transaction.set_rollback(True)


def at_once() -> None:
    """Check every reference now instead of at the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


# --- Rows -----------------------------------------------------------------------------------------------------------


def test_every_way_to_make_a_row_gives_it_the_tenant(inside: Seller) -> None:
    saved = Company(name="saved")
    saved.save()
    rows = [
        saved,
        Company.objects.create(name="created"),
        *Company.objects.bulk_create([Company(name="one"), Company(name="two")]),
        Company.objects.get_or_create(name="got")[0],
        Company.objects.update_or_create(name="updated", defaults={"industry": "x"})[0],
        inside.company.subsidiaries.create(name="related"),
    ]
    assert {row.tenant_id for row in rows} == {inside.pk}
    assert Company.objects.filter(pk__in=[row.pk for row in rows]).count() == len(rows)


def test_keys_grow_with_time(inside: Seller) -> None:
    made = [Company.objects.create(name=str(number)).pk for number in range(20)]
    assert made == sorted(made)
    assert {key.version for key in made} == {7}


def test_an_update_names_the_tenant_beside_the_key(inside: Seller, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1) as sent:
        inside.company.save()
    assert f'"tenant_id" = ({inside.pk})' in sent[0]["sql"].partition(" WHERE ")[2]


def test_a_row_that_was_seen_is_updated_by_a_second_look(inside: Seller) -> None:
    for position, created in ((5, True), (6, False)):
        pipeline, new = Pipeline.objects.update_or_create(name="Renewals", defaults={"position": position})
        assert (pipeline.position, new) == (position, created)
    Pipeline.objects.bulk_create(
        [Pipeline(name="Renewals", position=7), Pipeline(name="Partners", position=8)],
        update_conflicts=True,
        unique_fields=["tenant", "name"],
        update_fields=["position"],
    )
    assert dict(Pipeline.objects.exclude(position__lt=7).values_list("name", "position")) == {
        "Renewals": 7,
        "Partners": 8,
    }


def test_a_row_is_locked_alone(inside: Seller) -> None:
    deal = Deal.objects.select_related("company").select_for_update(of=("self",)).get()
    assert deal.company == inside.company


# --- Following references -------------------------------------------------------------------------------------------


def test_a_join_compares_the_tenant_too(inside: Seller) -> None:
    for query in (
        Deal.objects.select_related("company"),
        Deal.objects.order_by("company__name"),
        Company.objects.filter(deals__name="Northwind deal"),
    ):
        assert SAME_TENANT in str(query.query)
        assert query.count() == 1


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (lambda: Deal.objects.filter(company__name__startswith="Northwind").count(), 1),
        (lambda: Deal.objects.filter(company__name__startswith="Southwind").count(), 0),
        (lambda: Deal.objects.exclude(company__name="x").count(), 1),
        (lambda: Company.objects.filter(deals__isnull=False).count(), 1),
        (lambda: Company.objects.filter(deals=None).count(), 0),
        (lambda: Company.objects.exclude(deals__name="x").count(), 1),
        (lambda: Deal.objects.filter(merged_into=None, owner__team__isnull=True).count(), 1),
        (lambda: Company.objects.annotate(n=Count("deals")).get().n, 1),
        (lambda: Company.objects.aggregate(n=Count("deals__stage_spans"))["n"], 1),
        (lambda: Company.objects.filter(Exists(Deal.objects.filter(company=OuterRef("pk")))).count(), 1),
        (lambda: Company.objects.filter(deals__in=Deal.objects.all()).count(), 1),
        (lambda: Company.objects.filter(Q(deals__name="x") | Q(name__contains="wind")).distinct().count(), 1),
        (lambda: Company.objects.all().union(Company.objects.order_by().all()).count(), 1),
        (lambda: len(Company.objects.values("name", "deals__stage__name")), 1),
        (lambda: Company.objects.dates("created_at", "day").count(), 1),
        (lambda: len(Company.objects.in_bulk()), 1),
        (lambda: Deal.objects.filter(stage__pipeline=F("pipeline")).count(), 1),
        (lambda: Deal.objects.latest("created_at").name, "Northwind deal"),
        (lambda: [d.name for d in Deal.objects.iterator(chunk_size=1)], ["Northwind deal"]),
        (lambda: Stage.objects.filter(pipeline__deals__company__name__contains="wind").distinct().count(), 8),
    ],
)
def test_questions_of_every_shape_are_answered_from_own_rows(inside: Seller, question: Any, answer: object) -> None:
    assert question() == answer


def test_rows_come_with_those_they_belong_to(inside: Seller, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(4):
        company = Company.objects.prefetch_related(
            Prefetch("deals", Deal.objects.select_related("stage")), "deals__stage_spans", "deals__owner"
        ).get()
        (deal,) = company.deals.all()
        assert (deal.stage.name, len(deal.stage_spans.all()), deal.owner) == ("Qualified", 1, inside.owner)
    fresh = Deal.objects.get()
    assert fresh.company == inside.company
    assert list(inside.company.deals.all()) == [fresh]


# --- Removing -------------------------------------------------------------------------------------------------------


def test_what_belongs_to_a_row_goes_with_it(inside: Seller) -> None:
    pipeline = Pipeline.objects.create(name="Renewals")
    Stage.objects.create(pipeline=pipeline, name="First", position=1)
    assert pipeline.delete()[1] == {"strategy.Stage": 1, "strategy.Pipeline": 1}
    at_once()


def test_what_refers_to_a_row_forgets_it_and_keeps_its_tenant(inside: Seller) -> None:
    boss = Membership.objects.create(name="Boss")
    team = Team.objects.create(name="North", manager=boss)
    boss.delete()
    at_once()
    team.refresh_from_db()
    assert (team.manager_id, team.tenant_id) == (None, inside.pk)


def test_what_is_kept_keeps_what_it_needs(inside: Seller) -> None:
    with pytest.raises(models.ProtectedError):
        inside.company.delete()


# --- References to another tenant -----------------------------------------------------------------------------------


def by_save(mine: Seller, theirs: Seller) -> None:
    mine.deal.company_id = theirs.company.pk
    mine.deal.save(update_fields=["company"])


def by_create(mine: Seller, theirs: Seller) -> None:
    Company.objects.create(name="x", parent=theirs.company)


def by_bulk_create(mine: Seller, theirs: Seller) -> None:
    Company.objects.bulk_create([Company(name="x", parent_id=theirs.company.pk)])


def by_bulk_update(mine: Seller, theirs: Seller) -> None:
    mine.company.parent_id = theirs.company.pk
    Company.objects.bulk_update([mine.company], ["parent"])


def by_update(mine: Seller, theirs: Seller) -> None:
    Deal.objects.update(company=theirs.company)


def by_related_manager(mine: Seller, theirs: Seller) -> None:
    theirs.company.deals.set([mine.deal])


def by_upsert(mine: Seller, theirs: Seller) -> None:
    Deal.objects.update_or_create(pk=mine.deal.pk, defaults={"company_id": theirs.company.pk})


def by_raw_sql(mine: Seller, theirs: Seller) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE strategy_deal SET company_id = %s", [theirs.company.pk])


@pytest.mark.parametrize(
    "way", [by_save, by_create, by_bulk_create, by_bulk_update, by_update, by_related_manager, by_upsert, by_raw_sql]
)
def test_no_way_leads_to_another_tenants_row(world: World, way: Any) -> None:
    def refer() -> None:
        with tenant_scope(world.northwind.pk):
            way(
                Seller(*world.northwind[:2], Company.objects.get(), Deal.objects.get()),
                world.southwind,
            )

    with pytest.raises(IntegrityError, match="_ref"):
        refer()
    with as_maintenance() as all_rows:
        crossed = "SELECT count(*) FROM strategy_deal d JOIN strategy_company c ON c.id = d.company_id"
        assert all_rows.execute(f"{crossed} WHERE c.tenant_id <> d.tenant_id").fetchone() == (0,)
        assert all_rows.execute("SELECT count(*) FROM strategy_company").fetchone() == (2,)


def test_a_form_does_not_know_another_tenants_row(inside: Seller, world: World) -> None:
    class Choose(forms.Form):
        company = forms.ModelChoiceField(Company.objects.all())

    assert Choose({"company": str(inside.company.pk)}).is_valid()
    assert Choose({"company": str(world.southwind.company.pk)}).errors
    assert [str(label) for _, label in Choose().fields["company"].choices][1:] == ["Northwind customer"]


def test_a_row_is_not_valid_with_another_tenants_row(inside: Seller, world: World) -> None:
    company = Company(name="x", parent=world.southwind.company)
    with pytest.raises(ValidationError) as told:
        company.full_clean()
    assert set(told.value.message_dict) == {"parent"}


@pytest.mark.parametrize("keep", [True, False])
def test_a_form_written_for_one_tenant_serves_each_its_own(world: World, keep: bool) -> None:
    """The query stands on the class since import; it asks for the tenant when it runs."""

    class Choose(forms.Form):
        company = forms.ModelChoiceField(Company.objects.all() if keep else Company.objects.order_by("name"))

    for seller in world:
        with tenant_scope(seller.pk):
            assert len(Choose().fields["company"].choices) == 2
            assert Choose({"company": str(seller.company.pk)}).is_valid()
