"""Logging an activity as a sentence with four blanks, and recording what a customer agreed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from activities.models import ActivityType, Horizon, OutputType
from activities.services.facts import SUGGESTED, Suggestion
from frontend.forms.pick import Pick, Ticks
from outcomes.models import MilestoneType
from outcomes.queries.today import Known
from strategy.models import Company, Deal, PlanPart

NOTHING, OUTPUT, OUTCOME = "nothing", "output", "outcome"
YES, NO = "yes", "no"
KNOWN = [("", _("Not said")), (YES, _("Yes")), (NO, _("No"))]
QUALITY = ("prepared", "right_person", "purpose_reached")
OTHER, NO_DEAL, UNALIGNED = "other", "none", "none"
#: Before the key of a company with which something was done for no deal.
COMPANY = "company-"
#: Deals that the words of a person may mean; more would be no choice.
MOST_MATCHES = 6
MARKS = {
    NOTHING: {"mark": "activity", "mark_css": "mk mk-activity"},
    OUTPUT: {"mark": "output", "mark_css": "mk mk-output"},
    OUTCOME: {"mark": "outcome", "mark_css": "mk mk-outcome", "css": "oc"},
}


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the blanks of the sentence can be filled with. chosen: the deal that the form begins with, if any; company:
    with which something can be done without a deal; known: people to choose from beside those who decide."""

    kinds: Sequence[ActivityType]
    kind: UUID | None
    deals: Sequence[Deal]
    chosen: UUID | None
    output_types: Sequence[OutputType]
    milestone_types: Sequence[MilestoneType]
    people: Sequence[Known] = ()
    plays: Sequence[PlanPart] = ()
    company: Company | None = None

    @property
    def first(self) -> str:
        """Which deal the form begins with: the one it was opened for, else the first, or none with a company."""
        if self.chosen or (self.deals and not self.company):
            return str(self.chosen or self.deals[0].pk)
        return with_company(self.company)


def with_company(company: Company | None) -> str:
    """How the choice says that something was done for no deal, but with a company."""
    return f"{COMPANY}{company.pk}" if company else NO_DEAL


def deal_choices(deals: Sequence[Deal], company: Company | None = None) -> list[tuple[str, str]]:
    """Deals to pick from, then the ways out of the list."""
    companies = Counter(deal.company_id for deal in deals)
    names = [short_name(deal, alone=companies[deal.company_id] == 1) for deal in deals]
    often = Counter(names)
    named = [
        (str(deal.pk), told_apart(name, deal) if often[name] > 1 else name)
        for name, deal in zip(names, deals, strict=True)
    ]
    if company is not None:
        named.insert(0, (with_company(company), gettext("{company}, no deal").format(company=company.name)))
    return [*named, (OTHER, gettext("Other deal")), (NO_DEAL, gettext("No deal"))]


def short_name(deal: Deal, *, alone: bool) -> str:
    """How a deal is called in a row of choices: by its company, where that says which one is meant."""
    if deal.company is None:
        return str(deal.name)
    if alone:
        return str(deal.company.name)
    return gettext("{company}: {deal}").format(company=deal.company.name, deal=deal.name)


def told_apart(name: str, deal: Deal) -> str:
    """The name with the deal's number in the system it came from, where several deals are called the same."""
    return gettext("{deal}, {number}").format(deal=name, number=deal.external_id) if deal.external_id else name


def one_of(rows: Sequence[Any], value: Any) -> Any:
    """The row whose key was chosen; None for none."""
    return next((row for row in rows if str(row.pk) == str(value)), None)


def called(play: PlanPart) -> str:
    """A play with its strategy: two may have plays of one name."""
    return gettext("{play} ({strategy})").format(play=play.name, strategy=play.strategy.name)


def yes_or_no(label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=KNOWN, widget=Pick)


class OutcomeFields(forms.Form):
    """What the customer agreed, in their words."""

    milestone = forms.ChoiceField(
        label=_("What did they agree?"),
        widget=Pick,
        error_messages={"required": _("Choose what they agreed.")},
    )
    words = forms.CharField(
        label=_("In their words"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("They may read it one day."),
    )
    agreed_by = forms.CharField(
        label=_("Who agreed?"), required=False, max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    evidence = forms.URLField(
        label=_("Link to the evidence"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=_(
            "A mail, a plan or minutes. Without it the outcome is recorded, and counts once there is evidence."
        ),
        error_messages={"invalid": _("Give an address that begins with https://, or leave it empty.")},
        widget=forms.URLInput(attrs={"inputmode": "url"}),
    )


class LogForm(OutcomeFields):
    """“I did a call on Brightwater and it gave an output, namely …”. Defaults are filled in."""

    kind = forms.ChoiceField(
        label=_("What did you do?"), widget=Pick, error_messages={"required": _("Choose what you did.")}
    )
    deal = forms.ChoiceField(
        label=_("Which deal?"), widget=Pick, error_messages={"required": _("Choose a deal, or No deal.")}
    )
    other = forms.CharField(
        label=_("Name of the deal or company"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "type": "search"}),
    )
    gave = forms.ChoiceField(
        label=_("What came of it?"),
        initial=NOTHING,
        choices=[(NOTHING, _("Nothing yet")), (OUTPUT, _("Output")), (OUTCOME, _("Outcome"))],
        widget=Pick(drawn=MARKS, attrs={"fill": True}),
        error_messages={"required": _("Choose what came of it.")},
    )
    output_type = forms.ChoiceField(label=_("What kind of output?"), required=False, widget=Pick)
    note = forms.CharField(
        label=_("In a few words"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off", "enterkeyhint": "send"}),
    )
    at = forms.DateTimeField(
        label=_("When"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Empty means now."),
        error_messages={"invalid": _("Give a day and a time, or leave it empty for now.")},
    )
    minutes = forms.IntegerField(
        label=_("Minutes"),
        required=False,
        min_value=0,
        max_value=1440,
        help_text=_("Empty means as long as usual."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "invalid": _("Give a whole number of minutes."),
            "max_value": _("Give at most 1,440 minutes: one day."),
            "min_value": _("Give 0 minutes or more."),
        },
    )
    contacts = forms.MultipleChoiceField(label=_("With whom?"), required=False, widget=Ticks)
    play = forms.ChoiceField(
        label=_("For which play?"),
        required=False,
        help_text=_("The deal suggests its own, or the only one that fits. Without one it is unaligned."),
    )
    purpose = forms.CharField(label=_("For what?"), required=False, max_length=200)
    prepared = yes_or_no(_("Was it prepared?"))
    right_person = yes_or_no(_("Was it the right person?"))
    purpose_reached = yes_or_no(_("Was the purpose reached?"))
    horizon = forms.ChoiceField(
        label=_("It looked at"), required=False, choices=[("", _("Not said")), *Horizon.choices]
    )
    next_step = forms.CharField(label=_("Next step agreed"), required=False, max_length=200)
    next_step_on = forms.DateField(
        label=_("By"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": _("Give a day, or leave it empty.")},
    )
    # When it happened, for an entry that waited for a signal.
    happened = forms.DateTimeField(required=False, widget=forms.HiddenInput)
    entry_key = forms.UUIDField(widget=forms.HiddenInput(attrs={"data-entry-key": ""}), initial=uuid4)

    #: What stands behind “More”.
    MORE = ("at", "minutes", "contacts", "play", "purpose", *QUALITY, "horizon", "next_step", "next_step_on")

    def __init__(self, given: Any = None, *, choices: Choices, **kwargs: Any) -> None:
        initial = {"kind": choices.kind, "deal": choices.first, **kwargs.pop("initial", {})}
        if choices.output_types:
            initial["output_type"] = choices.output_types[0].pk
        if choices.milestone_types:
            initial["milestone"] = choices.milestone_types[0].pk
        super().__init__(given, initial=initial, **kwargs)
        self.choices_given = choices
        kinds = self.fields["kind"]
        kinds.widget = Pick(drawn={str(kind.pk): {"icon": kind.icon} for kind in choices.kinds})
        offer(self, "kind", [(str(kind.pk), kind.name) for kind in choices.kinds])
        offer(self, "deal", deal_choices(choices.deals, choices.company))
        offer(self, "output_type", [(str(kind.pk), kind.name) for kind in choices.output_types])
        offer(self, "milestone", [(str(kind.pk), kind.name) for kind in choices.milestone_types])
        # Of people whom several deals name, one box.
        people = {str(who.contact): self._named(who) for who in choices.people}
        offer(self, "contacts", list(people.items()))
        if people:
            self.fields["agreed_by"].widget.attrs["list"] = "log-people"
        else:
            del self.fields["contacts"]
        said = [("", gettext("As the deal suggests")), (UNALIGNED, gettext("None, it is unaligned"))]
        offer(self, "play", [*said, *((str(one.pk), called(one)) for one in choices.plays)])
        if not choices.plays:
            del self.fields["play"]
        # Asked for only with an outcome; see clean().
        self.fields["milestone"].required = False

    def _named(self, who: Known) -> str:
        deal = next((deal for deal in self.choices_given.deals if deal.pk == who.deal), None)
        if deal is None:
            return who.name
        return gettext("{name}, {deal}").format(name=who.name, deal=short_name(deal, alone=True))

    @property
    def more(self) -> list[forms.BoundField]:
        """What stands behind “More”, in order."""
        return [self[name] for name in self.MORE if name in self.fields]

    @property
    def names(self) -> list[str]:
        """The people who may have agreed."""
        return list(dict.fromkeys(who.name for who in self.choices_given.people))

    @property
    def has_more(self) -> bool:
        """Whether something behind “More” is filled in or wrong, so that it must stand open."""
        return any(field.errors or field.value() for field in self.more)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("deal") == OTHER and not given.get("other"):
            self.add_error("other", gettext("Write a part of the deal's name."))
        if given.get("gave") == OUTCOME:
            if not given.get("milestone"):
                self.add_error("milestone", gettext("Choose what they agreed."))
            if given.get("deal", "").startswith((NO_DEAL, COMPANY)):
                self.add_error("deal", gettext("Choose the deal on which they agreed."))
        return given

    def settle_other(self, matches: Sequence[Deal]) -> Deal | None:
        """The deal that the words of a person mean: the only one, or the one of exactly that name.

        Otherwise the form says so and offers the matches.
        """
        wanted = self.cleaned_data["other"].strip().casefold()
        exact = [deal for deal in matches if deal.name.casefold() == wanted]
        if len(matches) == 1 or len(exact) == 1:
            return (exact or list(matches))[0]
        if matches:
            offer(self, "deal", deal_choices(matches))
            self.add_error("deal", gettext("Several deals are called that way. Choose one."))
        else:
            self.add_error("other", gettext("No open deal is called that way. Write another part of its name."))
        return None

    @property
    def kind_chosen(self) -> ActivityType:
        return one_of(self.choices_given.kinds, self.cleaned_data["kind"])  # type: ignore[no-any-return]

    @property
    def company_chosen(self) -> Company | None:
        """The company, where it was done with one for no deal."""
        company = self.choices_given.company
        return company if self.cleaned_data["deal"] == with_company(company) else None

    @property
    def play_chosen(self) -> PlanPart | Suggestion | None:
        """The play that was said, that it serves none, or that nobody said so."""
        given = self.cleaned_data.get("play")
        return one_of(self.choices_given.plays, given) if given else SUGGESTED

    @property
    def output_chosen(self) -> OutputType | None:
        """The kind of output, where one was given."""
        if self.cleaned_data["gave"] != OUTPUT:
            return None
        kinds = self.choices_given.output_types
        return one_of(kinds, self.cleaned_data["output_type"]) or (kinds[0] if kinds else None)

    @property
    def milestone_chosen(self) -> MilestoneType | None:
        """The outcome, where one was given."""
        if self.cleaned_data["gave"] != OUTCOME:
            return None
        return one_of(self.choices_given.milestone_types, self.cleaned_data["milestone"])  # type: ignore[no-any-return]


def offer(form: forms.Form, name: str, choices: list[tuple[str, str]]) -> None:
    """Give a choice field of a form its choices."""
    field = form.fields[name]
    if not isinstance(field, forms.ChoiceField):
        raise TypeError(f"{name} is no choice")
    field.choices = choices
