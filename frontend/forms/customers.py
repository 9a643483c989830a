"""Forms about companies, contacts, who decides about a deal, and attributes of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django import forms
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from frontend.forms.pick import Choices, Ticks
from strategy import customer_queries as queries
from strategy.models import Attribute, BuyingRole, Company, Contact, PlanPart
from strategy.services.customers import attributes, facts

#: More members, or people at a company, than this are not listed to choose from.
MOST_LISTED = 200
OWN = facts.OWN
LARGEST = Decimal(facts.LARGEST_REVENUE)


def line(label: Any, longest: int, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=longest, required=False, **options)


class FilterForm(forms.Form):
    """A GET form. What is not understood is left out, never an error: addresses live long."""

    q = forms.CharField(
        label=_("Part of a name"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "placeholder": _("Part of a name")}),
    )

    def __init__(self, given: Any, choices: Mapping[str, tuple[str, str, Sequence[str]]]) -> None:
        super().__init__(given)
        for name, (label, everything, words) in choices.items():
            if words:
                options = [("", everything), *((word, word) for word in words)]
                self.fields[name] = forms.ChoiceField(label=label, required=False, choices=options)
        self.order_fields([*choices, "q"])
        self.is_valid()

    def wanted(self, name: str) -> str:
        return str(self.cleaned_data.get(name) or "")


class OwnFields(forms.Form):
    """A form that goes on with the organisation's own attributes; `values` are those that are stored."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def add_own(self, known: Sequence[Attribute], values: Mapping[str, Any]) -> None:
        self.own = [one for one in known if not one.is_archived]
        for one in self.own:
            self.fields[f"{OWN}{one.key}"] = own_field(one)
            value = values.get(one.key)
            if isinstance(value, bool):
                value = "yes" if value else "no"
            self.initial.setdefault(f"{OWN}{one.key}", value)

    def own_values(self) -> dict[str, Any]:
        """The values as the deed takes them; None takes one away."""
        return {one.key: self._own(one) for one in self.own}

    def _own(self, one: Attribute) -> Any:
        value = self.cleaned_data.get(f"{OWN}{one.key}")
        if one.kind == Attribute.Kind.SWITCH:
            return {"yes": True, "no": False}.get(str(value))
        return None if value in (None, "") else value


def own_field(one: Attribute) -> forms.Field:
    """The control for an attribute."""
    match one.kind:
        case Attribute.Kind.NUMBER:
            return forms.IntegerField(label=one.name, required=False)
        case Attribute.Kind.DAY:
            return forms.DateField(label=one.name, required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
        case Attribute.Kind.SWITCH:
            choices = [("", _("Not known")), ("yes", _("Yes")), ("no", _("No"))]
            return forms.ChoiceField(label=one.name, required=False, choices=choices)
        case Attribute.Kind.CHOICE:
            listed = [("", _("Not known")), *((word, word) for word in one.choices)]
            return forms.ChoiceField(label=one.name, required=False, choices=listed)
    return line(one.name, facts.LONGEST_OWN_TEXT)


def company_named(name: str) -> Company | None:
    """The company that is called like this. Raises ValidationError where there is none, or more than one."""
    if not name.strip():
        return None
    found = queries.companies_named(name, most=2)
    if not found:
        raise forms.ValidationError(now_("There is no company called like this. Add it first."))
    if len(found) > 1:
        raise forms.ValidationError(now_("Several companies are called like this. Merge them first."))
    return found[0]


class CompanyForm(OwnFields):
    """What is known of a company. Its revenue is typed in whole units of the currency."""

    name = forms.CharField(label=_("Name"), max_length=200, error_messages={"required": _("Give a name.")})
    domain = line(_("Domain"), 2000, help_text=_("As company.com"))
    industry = line(_("Industry"), 120)
    country = line(_("Country"), 120)
    region = line(_("Region"), 120)
    tags = line(_("Tags"), 3000, help_text=_("With commas between"))
    employees = forms.IntegerField(label=_("Employees"), required=False)
    revenue = forms.DecimalField(
        label=_("Revenue a year"), required=False, decimal_places=4, min_value=-LARGEST, max_value=LARGEST
    )
    revenue_currency = line(_("Currency of the revenue"), 3, help_text=_("Without one: your organisation's"))
    founded = forms.IntegerField(label=_("Founded in"), required=False)
    parent = line(_("Belongs to"), 200, help_text=_("The name of the company above it"))
    owner: forms.ModelChoiceField[Membership] = forms.ModelChoiceField(
        label=_("Owner"), queryset=None, required=False, empty_label=_("Nobody")
    )

    def __init__(self, given: Any, *, known: Sequence[Attribute], company: Company | None, actor: Membership) -> None:
        super().__init__(given, initial=initial_of(company) if company else {"owner": actor.pk})
        self.fields["owner"].queryset = Membership.objects.filter(is_active=True).order_by("name")  # type: ignore[attr-defined]
        self.currency = actor.tenant.currency
        self.add_own(known, company.attributes if company else {})

    def clean_parent(self) -> Company | None:
        return company_named(self.cleaned_data["parent"])

    def clean_tags(self) -> list[str]:
        return [tag.strip() for tag in self.cleaned_data["tags"].split(",") if tag.strip()]

    def given(self) -> dict[str, Any]:
        """What the deed takes."""
        values = {name: self.cleaned_data[name] for name in self.cleaned_data if not name.startswith(OWN)}
        version = values.pop("version", None)
        currency = values["revenue_currency"] = values["revenue_currency"].upper()
        if values["revenue"] is not None:
            places = get_currency_precision(currency or self.currency)
            values["revenue"] = int(values["revenue"].scaleb(places))
        return values | {"attributes": self.own_values()} | ({"version": version} if version else {})


def initial_of(company: Company) -> dict[str, Any]:
    """The facts of a company as they are typed."""
    plain = ("name", "industry", "country", "region", "employees", "revenue_currency", "founded", "version")
    revenue = None
    if company.revenue is not None:
        revenue = Decimal(company.revenue).scaleb(-get_currency_precision(company.revenue_currency or "EUR"))
        revenue = revenue.quantize(Decimal(1)) if revenue == revenue.to_integral_value() else revenue
    return {name: getattr(company, name) for name in plain} | {
        "domain": facts.shown_domain(company.domain),
        "tags": ", ".join(company.tags),
        "revenue": revenue,
        "parent": company.parent.name if company.parent else "",
        "owner": company.owner_id,
    }


class ContactForm(OwnFields):
    """What is known of a person at a company."""

    name = forms.CharField(label=_("Name"), max_length=200, error_messages={"required": _("Give a name.")})
    company = line(_("Company"), 200, help_text=_("The name of the company they are at"))
    title = line(_("Title"), 200)
    department = line(_("Department"), 120)
    email = line(_("E-mail address"), 254, widget=forms.EmailInput)
    phone = line(_("Telephone"), 60, widget=forms.TextInput({"type": "tel"}))
    persona: forms.ModelChoiceField[PlanPart] = forms.ModelChoiceField(
        label=_("Persona"), queryset=None, required=False, empty_label=_("As the title says")
    )

    def __init__(self, given: Any, *, known: Sequence[Attribute], contact: Contact | None, at: Company | None) -> None:
        plain = ("name", "title", "department", "email", "phone", "version")
        first: dict[str, Any] = {"company": at.name if at else ""}
        if contact:
            first = {name: getattr(contact, name) for name in plain}
            first |= {"company": contact.company.name if contact.company else "", "persona": contact.persona_id}
        super().__init__(given, initial=first)
        personas = PlanPart.objects.filter(kind=PlanPart.Kind.PERSONA, is_current=True).order_by("name")
        self.fields["persona"].queryset = personas  # type: ignore[attr-defined]
        self.at = contact.company if contact else at
        self.add_own(known, contact.attributes if contact else {})

    def clean_company(self) -> Company | None:
        text = self.cleaned_data["company"]
        # The one they are at already, though others are called like it.
        if self.at is not None and text.strip() == self.at.name:
            return self.at
        return company_named(text)

    def given(self) -> dict[str, Any]:
        """What the deed takes."""
        values = {name: self.cleaned_data[name] for name in self.cleaned_data if not name.startswith(OWN)}
        version = values.pop("version", None)
        return values | {"attributes": self.own_values()} | ({"version": version} if version else {})


class RoleForm(forms.Form):
    """Who decides about a deal, and as what: somebody who is known, or a new person by name."""

    contact: forms.ModelChoiceField[Contact] = forms.ModelChoiceField(
        label=_("Person"), queryset=None, required=False, empty_label=_("Somebody new")
    )
    name = line(_("Name, if they are new"), 200)
    title = line(_("Title, if they are new"), 200)
    role = forms.ChoiceField(label=_("Role in the decision"), choices=BuyingRole.Role.choices)

    def __init__(self, given: Any, *, company: Company | None) -> None:
        super().__init__(given)
        people = Contact.objects.filter(merged_into=None, company=company).order_by("name")
        self.fields["contact"].queryset = people  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors and not given.get("contact") and not given.get("name", "").strip():
            self.add_error("name", now_("Choose a person, or give the name of somebody new."))
        return given


class MergeForm(forms.Form):
    """Which of two stays, and which facts of the other one hold."""

    stays = forms.ChoiceField(label=_("Which one stays?"), widget=Choices)
    wins = forms.MultipleChoiceField(label=_("Facts of the other one that hold"), required=False, widget=Ticks)

    def __init__(self, given: Any, *, names: Sequence[tuple[str, str]], differing: Sequence[tuple[str, str]]) -> None:
        super().__init__(given, initial={"stays": names[0][0]})
        self.fields["stays"].choices = names  # type: ignore[attr-defined]
        self.fields["wins"].choices = differing  # type: ignore[attr-defined]
        if not differing:
            del self.fields["wins"]


class AttributeForm(forms.Form):
    """An attribute of one's own."""

    of = forms.ChoiceField(label=_("Of"), choices=Attribute.Of.choices)
    name = forms.CharField(
        label=_("Name"), max_length=attributes.LONGEST_NAME, error_messages={"required": _("Give a name.")}
    )
    key = line(_("Key"), 60, help_text=_("For programs: small letters, digits and _. Without one: from the name"))
    kind = forms.ChoiceField(label=_("Kind"), choices=Attribute.Kind.choices)
    choices = forms.CharField(
        label=_("Choices, one a line"), required=False, max_length=12_000, widget=forms.Textarea({"rows": 4})
    )
    position = forms.IntegerField(label=_("Place in the order"), required=False, min_value=1, max_value=attributes.MOST)

    def __init__(self, given: Any, *, attribute: Attribute | None = None) -> None:
        if attribute is None:
            super().__init__(given)
            del self.fields["position"]
            return
        first = {name: getattr(attribute, name) for name in ("name", "kind", "position")}
        super().__init__(given, initial=first | {"choices": "\n".join(attribute.choices)})
        del self.fields["of"], self.fields["key"]

    def clean_choices(self) -> list[str]:
        return [one.strip() for one in self.cleaned_data["choices"].splitlines() if one.strip()]
