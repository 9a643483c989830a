"""The export of Maven CRM: four files, known by their columns, whatever their names.

The system calls a deal qualified on its engage date, ends it on its close date, and prices it from a list. Deals
that never engaged have no date at all. Revenue is written in millions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from accounts.imports.layouts import Column, Layout, Preset, Question
from accounts.imports.staging import Batch
from strategy.imports.companies import absorb_companies
from strategy.imports.deals import absorb_deals
from strategy.imports.keys import key_of
from strategy.imports.people import absorb_members
from strategy.imports.stages import ensure_pipeline, guess_kinds
from strategy.models import Stage

NAME = "maven"
TITLE = "Maven CRM"
OPEN_STAGES = ("Prospecting", "Engaging")
WORKED_IN = "Engaging"


def _absorb_deals(batch: Batch) -> None:
    pipeline = ensure_pipeline(NAME, title=TITLE, kinds=batch.answers["stages"], order=OPEN_STAGES, worked_in=WORKED_IN)
    absorb_deals(batch, pipeline)


def _guess(values: Sequence[str]) -> Mapping[str, str]:
    return guess_kinds(NAME, values)


MEMBERS = Layout(
    kind="members",
    title=_("People"),
    columns=(
        Column("agent", "sales_agent", _("Member"), required=True, limit=100, key=key_of),
        Column("manager", "manager", _("Manager, and the team's name"), limit=60, key=key_of),
        Column("office", "regional_office", _("The team's regional office"), limit=50),
    ),
    known_by=("sales_agent", "manager"),
    identity="agent",
    without=_("Without the file of sales teams, people come from the deals and have no manager or team."),
    absorb=absorb_members,
)
COMPANIES = Layout(
    kind="companies",
    title=_("Companies"),
    columns=(
        Column("name", "account", _("Company"), required=True, limit=100, key=key_of),
        Column("industry", "sector", _("Industry"), limit=120),
        Column("founded", "year_established", _("Founded in"), reads="whole", at_least=1000),
        Column("revenue", "revenue", _("Revenue a year, read as millions"), reads="money", scale=6),
        Column("employees", "employees", _("Employees"), reads="whole", at_most=2_000_000_000),
        Column("country", "office_location", _("Country"), limit=120),
        Column("parent", "subsidiary_of", _("Parent company"), limit=100, key=key_of),
    ),
    known_by=("account", "sector"),
    identity="name",
    without=_("Without the file of accounts, companies come from the deals by name only."),
    absorb=absorb_companies,
)
PRODUCTS = Layout(
    kind="products",
    title=_("Price list"),
    columns=(
        Column("product", "product", _("Product"), required=True, limit=90, key=key_of),
        Column("price", "sales_price", _("Amount at qualification"), reads="money", required=True),
    ),
    known_by=("product", "sales_price"),
    identity="product",
    without=_("Without the price list, no deal has an amount at qualification, and waste has no value in money."),
)
DEALS = Layout(
    kind="deals",
    title=_("Deals"),
    columns=(
        Column("external_id", "opportunity_id", _("The deal's id in Maven CRM"), required=True),
        Column("agent", "sales_agent", _("Owner"), limit=100, key=key_of),
        Column("product", "product", _("Name, and what the price list is asked for"), limit=90, key=key_of),
        Column("account", "account", _("Company"), limit=100, key=key_of),
        Column("stage", "deal_stage", _("Stage"), required=True, limit=80, key=key_of),
        Column("qualified_on", "engage_date", _("Qualified on"), reads="day"),
        Column("closed_on", "close_date", _("Ended on"), reads="day", ends=True),
        Column("amount", "close_value", _("Amount when it ended"), reads="money"),
    ),
    known_by=("opportunity_id", "deal_stage", "engage_date", "close_date"),
    identity="external_id",
    without=_("Without the file of the sales pipeline, no deals come in."),
    absorb=_absorb_deals,
)
MAVEN = Preset(
    name=NAME,
    title=TITLE,
    layouts=(MEMBERS, COMPANIES, PRODUCTS, DEALS),
    questions=(
        Question(
            name="stages",
            kind="deals",
            column="stage",
            title=_("What each stage means"),
            options=Stage.Kind.choices,
            guess=_guess,
        ),
    ),
)
