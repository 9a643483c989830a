"""Forms with which deals are opened, changed, moved and closed, one by one or many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import people
from accounts.models import Membership
from accounts.permissions import allows
from accounts.visibility import sight_of
from frontend.forms.customers import OWN, OwnFields
from frontend.forms.milestones import NeededMilestone, people_of
from frontend.forms.people import Picked, Who
from outcomes.requirements import SUPPLY
from strategy import customer_queries as customers
from strategy import queries, strategies
from strategy.models import (
    Attribute,
    Company,
    Competitor,
    Contact,
    Deal,
    DealSource,
    EndReason,
    PlanPart,
    Stage,
    Strategy,
)
from strategy.models.customers import name_key
from strategy.requirements import Requirement
from strategy.services.deals.moving import ROLES

DAY = {"type": "date"}
MOST_LISTED, MOST_NEAR = 200, 8
NEW = "new"


def day_field(label: object, **options: Any) -> forms.DateField:
    widget = forms.DateInput(attrs=DAY, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget, **options)  # type: ignore[arg-type]


def money_field(currency: str, label: object) -> forms.DecimalField:
    """An amount as people write it, in whole units with the small change after the point."""
    return forms.DecimalField(
        label=label,  # type: ignore[arg-type]
        required=False,
        min_value=0,
        max_digits=16,
        decimal_places=get_currency_precision(currency),
        help_text=_("In {currency}.").format(currency=currency),
    )


def minor(amount: Decimal | None, currency: str) -> int | None:
    """An amount in the smallest unit of its currency."""
    return None if amount is None else int(amount.scaleb(get_currency_precision(currency)))


def major(amount: int | None, currency: str) -> Decimal | None:
    """An amount as people write it: without its small change where there is none."""
    if amount is None:
        return None
    written = Decimal(amount).scaleb(-get_currency_precision(currency))
    return written.quantize(Decimal(1)) if written == written.to_integral_value() else written


def picked(label: object, rows: Iterable[Any], nothing: object = "") -> Picked:
    found = list(rows)
    field = Picked(label=label)
    field.offer([("", nothing), *((str(one.pk), str(one)) for one in found)], found)
    return field


def owner_field(member: Membership) -> Who:
    """One of those whose deals the member sees and who can sign in."""
    field, sight = Who(label=_("Owner"), required=False), sight_of(member)
    field.offer_members([one for one in people.who_can_sign_in() if sight.includes(one.pk)])
    return field


def stage_choices(stages: Sequence[Stage]) -> list[tuple[str, str]]:
    """Stages to choose from; with their pipelines where there are several."""
    several = len({one.pipeline_id for one in stages}) > 1
    return [(str(one.pk), f"{one.pipeline.name}: {one.name}" if several else one.name) for one in stages]


def looks(field: forms.Field, url: str) -> None:
    """Let the form show itself anew, with what belongs to another choice in this field; nothing is done by it."""
    field.widget.attrs |= {
        "hx-post": url,
        "hx-trigger": "change",
        "hx-target": "closest form",
        "hx-swap": "outerMorph",
        "hx-vals": '{"look": "1"}',
    }


def suggest_segments(field: forms.Field, company: Company | None, *, now: PlanPart | None = None) -> None:
    """Say beside the field which segments the company is in, and why. It is never chosen by itself."""
    found = strategies.segments_worth_a_thought(company, now=now)
    told = _("{company} is in {segment}: {reasons}")
    said = [
        str(told).format(company=company, segment=one.part.name, reasons=" ".join(one.reasons))
        for one in found[:MOST_NEAR]
    ]
    if said:
        field.help_text = " ".join(said)


def company_called(words: object) -> Company | None:
    """The one company of a name; None where none or several have it."""
    key = name_key(str(words or "").replace("\0", ""))
    found = list(Company.objects.filter(merged_into=None, name_key=key)[:2]) if key else []
    return found[0] if len(found) == 1 else None


def _parts(kind: str) -> list[PlanPart]:
    return list(PlanPart.objects.filter(kind=kind, is_current=True).order_by("position")[:MOST_LISTED])


def fact_field(name: str, *, currency: str, member: Membership, deal: Deal | None) -> forms.Field | None:
    """The field in which a fact of a deal is written, also where a stage asks for it."""
    contacts = Contact.objects.filter(company=deal.company_id) if deal and deal.company_id else Contact.objects.none()
    made: dict[str, Callable[[], forms.Field]] = {
        "amount": lambda: money_field(currency, _("Value")),
        "expected_close_on": lambda: day_field(_("Expected close")),
        "qualified_on": lambda: day_field(_("Qualified on")),
        "owner": lambda: owner_field(member),
        "came_from": lambda: picked(_("Source"), DealSource.objects.filter(is_archived=False)),
        "strategy": lambda: picked(_("Strategy"), Strategy.objects.filter(state=Strategy.State.ACTIVE)),
        "segment": lambda: picked(_("Segment"), _parts("segment")),
        "play": lambda: picked(_("Play"), _parts("play")),
        "rate": lambda: forms.DecimalField(label=_("Exchange rate"), required=False, max_digits=18, decimal_places=8),
        "company": lambda: forms.CharField(label=_("Company"), required=False, max_length=200),
        "contact": lambda: picked(_("Somebody at the customer"), contacts[:MOST_LISTED]),
        "champion": lambda: picked(_("Champion"), contacts[:MOST_LISTED]),
        "economic_buyer": lambda: picked(_("Economic buyer"), contacts[:MOST_LISTED]),
    }
    return made[name]() if name in made else None


class CompanyMixin(forms.Form):
    """A company that is found by its name, or newly named after a look at those that are called alike."""

    def settle_company(self, given: dict[str, Any]) -> Company | str | None:
        """The company; its name where it is new; None where none is named or the words are not clear yet."""
        said = (given.get("company") or "").strip()
        if not name_key(said):
            return None
        exact = customers.companies_named(said, most=MOST_NEAR)
        if len(exact) == 1:
            return exact[0]
        near = exact or customers.companies_called(said, most=MOST_NEAR)
        if not near:
            return said
        choice = self.data.get("which", "")
        if choice == NEW:
            return said
        if chosen := next((one for one in near if str(one.pk) == choice), None):
            return chosen
        field = forms.ChoiceField(label=_("Which company"), widget=forms.RadioSelect)
        field.choices = [
            *((str(one.pk), one.name) for one in near),
            (NEW, _("A new company, {name}").format(name=said)),
        ]
        self.fields["which"] = field
        self.add_error("company", _("Choose one of those that are called alike, or say that it is new."))
        return None


class OpenDealForm(CompanyMixin):
    """A deal by hand."""

    name = forms.CharField(
        label=_("What the customer gets"),
        max_length=200,
        error_messages={"required": _("Say in up to 200 letters what the customer gets.")},
    )

    def __init__(self, given: Any = None, *, member: Membership, company: str = "", said: Any = None) -> None:
        super().__init__(given, initial={"company": company, "owner": str(member.pk), **(said or {})})
        self.currency = member.tenant.currency
        names = ("company", "amount", "expected_close_on", "owner", "came_from", "segment", "play", "qualified_on")
        for name in names:
            field = fact_field(name, currency=self.currency, member=member, deal=None)
            if field is not None:
                self.fields[name] = field
        stages = [one for one in queries.stages() if one.is_open and not one.is_archived]
        stages = [one for one in stages if not one.pipeline.is_archived]
        stage = Picked(label=_("Stage"))
        stage.offer(stage_choices(stages), stages)
        self.fields["stage"] = stage
        suggest_segments(self.fields["segment"], company_called(self["company"].value()))
        self.fields["qualified_on"].help_text = _("The day it was decided worth pursuing. It starts every clock.")


class FactsForm(CompanyMixin, OwnFields):
    """What is known of a deal. `version` is the one that was looked at; `known` are the attributes of one's own."""

    name = forms.CharField(label=_("What the customer gets"), max_length=200)
    on = day_field(_("Holds from"), help_text=_("Today, unless it has been so for longer."))
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=2**31 - 1)
    NAMES = ("company", "amount", "expected_close_on", "owner", "came_from", "strategy", "segment", "play")

    def __init__(
        self,
        given: Any = None,
        *,
        member: Membership,
        deal: Deal,
        known: Sequence[Attribute] = (),
        said: Any = None,
    ) -> None:
        now = {name: getattr(deal, name) for name in self.NAMES}
        initial = {name: str(row.pk) if hasattr(row, "pk") else row for name, row in now.items()}
        initial |= {"name": deal.name, "version": deal.version, "amount": major(deal.amount, deal.currency)}
        initial["company"] = deal.company.name if deal.company else ""
        super().__init__(given, initial=initial | (said or {}))
        for name in self.NAMES:
            field = fact_field(name, currency=deal.currency, member=member, deal=deal)
            if field is None:
                continue
            row = now[name]
            if isinstance(field, Picked) and row is not None and str(row.pk) not in field.rows:
                field.offer([*field.choices, (str(row.pk), str(row))], [*field.rows.values(), row])  # type: ignore[misc]
            self.fields[name] = field
        self.add_own(known, deal.attributes)
        named = self["company"].value()
        company = deal.company if deal.company and named == deal.company.name else company_called(named)
        suggest_segments(self.fields["segment"], company, now=deal.segment)
        own = [name for name in self.fields if name.startswith(OWN)]
        self.order_fields(["name", *self.NAMES, *own, "on", "version"])


class MoveForm(CompanyMixin):
    """Another stage for a deal, with what the stage asks for and, where it ends the deal, why."""

    stage = Picked(label=_("To"), required=True)
    on = day_field(_("The day it happened"), help_text=_("Today, unless it was before."))
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=2**31 - 1)

    def __init__(
        self,
        given: Any = None,
        *,
        deal: Deal,
        stages: Sequence[Stage],
        to: Stage | None,
        missing: Sequence[Requirement],
        member: Membership,
        said: Any = None,
    ) -> None:
        super().__init__(given, initial={"version": deal.version})
        self.deal = deal
        choices = [(str(one.pk), one.name) for one in stages]
        self.fields["stage"].offer(choices, stages)  # type: ignore[attr-defined]
        if to is not None and not to.is_open:
            self._ask_end(to)
        needed = [one for one in missing if SUPPLY in one.supply]
        people, may_pass = people_of(deal) if needed else [], bool(self.data.get("because"))
        self.agreed = [NeededMilestone(self, one, people=people, may_pass=may_pass) for one in needed]
        self.supplied = [name for one in missing for name in one.supply if name not in (*self.fields, SUPPLY)]
        for name in self.supplied:
            field = fact_field(name, currency=deal.currency, member=member, deal=deal)
            if field is not None:
                self.fields[name] = field
            if name in ROLES and isinstance(field, Picked) and not field.rows:
                field.help_text = _("Nobody of the company is known yet. Name them on the deal's page first.")
        for one in missing:
            for name in set(one.supply) & self.fields.keys():
                # A reason passes without it.
                self.fields[name].required = not self.data.get("because")
                self.fields[name].error_messages["required"] = str(one.told)
        if missing and allows(member, "deal.override"):
            self.fields["because"] = forms.CharField(
                label=_("Or pass without it, because"),
                required=False,
                max_length=300,
                help_text=_("Kept with the move, for everybody to read."),
            )
        self.initial = {**self.initial, **(said or {}), "stage": str(to.pk) if to else ""}

    def _ask_end(self, to: Stage) -> None:
        reasons = EndReason.objects.filter(kind=to.kind, is_archived=False)[:MOST_LISTED]
        self.fields["reason"] = picked(_("Reason"), reasons, _("Not recorded"))
        if to.kind == Stage.Kind.LOST:
            competitors = Competitor.objects.filter(is_archived=False)[:MOST_LISTED]
            self.fields["competitor"] = picked(_("Won by"), competitors, _("Not known"))
        self.fields["amount"] = money_field(self.deal.currency, _("Value at the end"))
        self.initial["amount"] = major(self.deal.amount, self.deal.currency)


class BulkForm(forms.Form):
    """What is to change of the deals that were ticked: one of three things."""

    owner = Who(label=_("Give to"), required=False)
    stage = Picked(label=_("Move to"))
    expected_close_on = day_field(_("Expect the decision on"))

    def __init__(self, given: Any = None, *, member: Membership) -> None:
        super().__init__(given)
        self.fields["owner"] = owner_field(member)
        self.fields["owner"].label = _("Give to")
        stages = [one for one in queries.stages() if one.is_open and not one.is_archived]
        self.fields["stage"].offer([("", ""), *stage_choices(stages)], stages)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = {name: value for name, value in super().clean().items() if value}  # type: ignore[union-attr]
        if not given and not self.errors:
            self.add_error(None, _("Say what is to change: who has them, where they stand, or when they are decided."))
        return given
