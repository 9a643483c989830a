"""A model that forgets the tenant is told so, by number, before it gets a table."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import pytest
from django.apps import apps
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.constraints import ExclusionConstraint
from django.core.checks import Tags, registry
from django.core.management import CommandError, call_command
from django.db import models
from django.db.models.functions import Lower
from django.test.utils import isolate_apps

from accounts.models import Tenant
from accounts.tenancy import checks
from accounts.tenancy.models import TenantForeignKey, TenantManager, TenantModel
from accounts.tenancy.rls import RowSecurity, TenantReference
from strategy.models import Deal


@pytest.fixture(autouse=True)
def elsewhere() -> Iterator[None]:
    """Models of these tests are known to nobody else."""
    with isolate_apps("accounts"):
        yield


def numbers(model: type[models.Model]) -> list[str]:
    return sorted(problem.id.removeprefix("tenancy.") for problem in checks.problems_of(model))


def test_nothing_is_said_of_the_product_itself() -> None:
    assert checks.check_models() == []


# --- What is well ---------------------------------------------------------------------------------------------------


def test_a_tenants_model_gets_its_wall_its_pair_and_its_references_by_itself() -> None:
    class Play(TenantModel):
        deal = TenantForeignKey(Deal, models.CASCADE)
        before = TenantForeignKey("self", models.SET_NULL, null=True)
        owner = TenantForeignKey("accounts.Membership", models.PROTECT)

        class Meta:
            app_label = "accounts"

    made = {constraint.name: constraint for constraint in Play._meta.constraints}
    assert made["accounts_play_wall"] == RowSecurity(name="accounts_play_wall")
    assert made["accounts_play_pair"].fields == ("tenant", "id")
    references = [constraint for constraint in Play._meta.constraints if isinstance(constraint, TenantReference)]
    assert [(r.field, r.to) for r in references] == [
        ("deal_id", "strategy_deal"),
        ("before_id", "accounts_play"),
        ("owner_id", "accounts_membership"),
    ]
    assert [index.fields for index in Play._meta.indexes] == [
        ["tenant", "deal"],
        ["tenant", "before"],
        ["tenant", "owner"],
    ]
    assert numbers(Play) == []


def test_an_index_for_some_rows_does_not_stand_in_for_that_of_a_reference() -> None:
    class Play(TenantModel):
        deal = TenantForeignKey(Deal, models.CASCADE)

        class Meta:
            app_label = "accounts"
            indexes = [models.Index(fields=["tenant", "deal"], name="some", condition=models.Q(deal=None))]

    assert len(Play._meta.indexes) == 2


def test_a_key_may_be_unique_inside_the_tenant_by_field_or_by_expression() -> None:
    class Play(TenantModel):
        name = models.CharField(max_length=9)

        class Meta:
            app_label = "accounts"
            constraints = [
                models.UniqueConstraint(fields=["tenant", "name"], name="a"),
                models.UniqueConstraint("tenant", Lower("name"), name="b"),
                models.CheckConstraint(condition=~models.Q(name=""), name="c"),
                ExclusionConstraint(name="d", expressions=[("tenant", "="), ("name", "=")]),
            ]

    assert numbers(Play) == []


# --- What is not ----------------------------------------------------------------------------------------------------


def test_e001_a_table_of_which_nobody_says_whose_it_is() -> None:
    class Note(models.Model):
        class Meta:
            app_label = "accounts"

    (told,) = checks.unknown_tables([Note, Tenant, Deal])
    assert (told.id, told.obj) == ("tenancy.E001", Note)
    assert "inherit TenantModel" in str(told.hint)


def test_e001_a_link_table_between_global_and_tenants_rows() -> None:
    class Fan(models.Model):
        deals = models.ManyToManyField(Deal)

        class Meta:
            app_label = "accounts"

    assert [told.id for told in checks.unknown_tables([Fan.deals.through])] == ["tenancy.E001"]


def test_e002_a_plain_reference_to_a_tenants_table() -> None:
    class Play(TenantModel):
        deal = models.ForeignKey(Deal, models.CASCADE, related_name="+")
        owner = models.OneToOneField("accounts.Membership", models.CASCADE, related_name="+")
        tenant_of_origin = models.ForeignKey("accounts.Tenant", models.CASCADE, related_name="+")

        class Meta:
            app_label = "accounts"

    # The second is unique over all tenants as well; the third leads to a global table.
    assert numbers(Play) == ["E002", "E004"]


def test_e002_a_reference_from_a_global_table() -> None:
    class Fan(models.Model):
        deal = models.ForeignKey(Deal, models.CASCADE, related_name="+")

        class Meta:
            app_label = "accounts"

    assert numbers(Fan) == ["E002"]


def test_e002_a_model_that_extends_another_table() -> None:
    class BigDeal(Deal):
        class Meta:
            app_label = "accounts"

    assert "E002" in numbers(BigDeal)


def test_e003_a_link_table_made_by_django() -> None:
    class Play(TenantModel):
        deals = models.ManyToManyField(Deal, related_name="+")

        class Meta:
            app_label = "accounts"

    assert numbers(Play) == ["E003"]


def test_e003_is_content_with_a_link_table_of_the_tenant() -> None:
    class Play(TenantModel):
        deals = models.ManyToManyField(Deal, through="Used", related_name="+")

        class Meta:
            app_label = "accounts"

    class Used(TenantModel):
        play = TenantForeignKey(Play, models.CASCADE)
        deal = TenantForeignKey(Deal, models.CASCADE, related_name="+")

        class Meta:
            app_label = "accounts"

    assert numbers(Play) == numbers(Used) == []


@pytest.mark.parametrize(
    "meta",
    [
        {"constraints": [models.UniqueConstraint(fields=["name"], name="a")]},
        {"constraints": [models.UniqueConstraint(Lower("name"), name="a")]},
        {"constraints": [ExclusionConstraint(name="a", expressions=[("name", "=")])]},
        {"unique_together": [("name", "place")]},
    ],
)
def test_e004_a_key_that_is_unique_over_all_tenants(meta: dict[str, object]) -> None:
    class Play(TenantModel):
        name = models.CharField(max_length=9)
        place = models.CharField(max_length=9)
        Meta = type("Meta", (), {"app_label": "accounts", **meta})

    assert numbers(Play) == ["E004"]


def test_e004_a_field_that_is_unique_over_all_tenants() -> None:
    class Play(TenantModel):
        name = models.CharField(max_length=9, unique=True)

        class Meta:
            app_label = "accounts"

    assert numbers(Play) == ["E004"]


def test_e005_a_generic_reference() -> None:
    class Play(TenantModel):
        kind = models.ForeignKey(ContentType, models.CASCADE)
        key = models.UUIDField()
        about = GenericForeignKey("kind", "key")

        class Meta:
            app_label = "accounts"

    assert numbers(Play) == ["E005"]


class Forgetful(TenantManager):
    def get_queryset(self):
        return models.QuerySet(self.model, using=self._db)


class Narrowing(TenantManager):
    def get_queryset(self):
        return super().get_queryset().filter(name="x")


@pytest.mark.parametrize(
    ("managers", "told"),
    [
        ({"objects": models.Manager()}, ["E006"]),
        ({"everything": models.Manager()}, ["E006"]),
        ({"objects": Forgetful()}, ["E006"]),
        ({"named": Narrowing()}, []),
    ],
)
def test_e006_a_manager_that_forgets_the_tenant(managers: dict[str, models.Manager], told: list[str]) -> None:
    body = {"__module__": __name__, "name": models.CharField(max_length=9), **managers}
    body["Meta"] = type("Meta", (), {"app_label": "accounts"})
    assert numbers(type("Play", (TenantModel,), body)) == told


def test_e006_a_proxy_with_a_manager_of_its_own() -> None:
    class AnyDeal(Deal):
        objects = models.Manager()

        class Meta:
            proxy = True
            app_label = "accounts"

    assert "E006" in numbers(AnyDeal)


# --- That they are asked --------------------------------------------------------------------------------------------


def test_the_checks_are_part_of_djangos_own() -> None:
    assert checks.check_models in registry.registry.get_checks()
    assert checks.check_catalogue in registry.registry.get_checks(include_deployment_checks=False) or (
        checks.check_catalogue in registry.registry.registered_checks
    )
    assert Tags.database in checks.check_catalogue.tags


def test_a_finding_stops_the_check_command(monkeypatch: pytest.MonkeyPatch) -> None:
    class Note(models.Model):
        class Meta:
            app_label = "accounts"

    monkeypatch.setattr(apps, "get_models", lambda **_: [Note])
    with pytest.raises(CommandError, match=r"tenancy\.E001"):
        call_command("check", stdout=StringIO(), stderr=StringIO())


@pytest.mark.django_db
def test_the_whole_check_with_the_catalogue_has_nothing_to_say() -> None:
    told = StringIO()
    call_command("check", databases=["default"], fail_level="WARNING", stdout=told)
    assert "no issues" in told.getvalue()


@pytest.mark.django_db
def test_models_and_migrations_say_the_same() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
