"""Forms about pipelines, stages, lists of words and exchange rates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models import Tenant
from frontend import words
from frontend.forms.organisation import currencies
from frontend.forms.pick import Pick, Ticks
from strategy.models import EndCause, Stage
from strategy.requirements import offered
from strategy.services.pipelines import LONGEST_PATIENCE

NAME = {"required": _("Give a name.")}


def place_choices(names: Sequence[str], own: int | None) -> list[tuple[str, object]]:
    """Places in a list of these names: first, or after one of the others. own: where the row itself stands."""
    others = [name for at, name in enumerate(names, 1) if at != own]
    after = [(str(at + 1), _("After {name}").format(name=name)) for at, name in enumerate(others, 1)]
    return [("1", _("First")), *after]


class PlacedForm(forms.Form):
    """A name and a place among others."""

    name = forms.CharField(label=_("Name"), max_length=80, error_messages=NAME)
    position = forms.TypedChoiceField(label=_("Place"), coerce=int, help_text=_("Everybody chooses in this order."))

    def __init__(self, given: Any = None, *, beside: Iterable[Any], row: Any) -> None:
        order = list(beside)
        place = next(at for at, one in enumerate(order, 1) if one.pk == row.pk)
        super().__init__(given, initial={"name": row.name, "position": str(place)})
        choices = place_choices([one.name for one in order], place)
        self.fields["position"].choices = choices  # type: ignore[attr-defined]


class WordForm(PlacedForm):
    """One entry of a list of words."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        error_messages=NAME,
        help_text=_("Deals that carry it show the new name, also past ones."),
    )


class AddPipelineForm(forms.Form):
    """One more pipeline."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        error_messages=NAME,
        help_text=_("Everybody who opens a deal chooses from these. It begins with one stage and an end of each kind."),
    )


class PipelineForm(PlacedForm):
    """A pipeline's name and place."""


class StageForm(forms.Form):
    """A stage: what it is called, where it stands and what it asks for."""

    name = forms.CharField(label=_("Name"), max_length=80, error_messages=NAME)
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=Stage.Kind.choices,
        widget=Pick,
        help_text=_("Figures hang on the kind, never on the name. It stays once a deal has been there."),
    )
    position = forms.TypedChoiceField(label=_("Place"), coerce=int, help_text=_("From the first stage to the ends."))
    patience_days = forms.IntegerField(
        label=_("Patience in days"),
        required=False,
        min_value=1,
        max_value=LONGEST_PATIENCE,
        help_text=_("A deal that stands here longer counts as stalled, for everybody."),
    )
    requires = forms.MultipleChoiceField(
        label=_("Needed to enter"),
        widget=Ticks,
        required=False,
        help_text=_("Who moves a deal here is asked for what is missing. Deals that stand here already stay."),
    )

    def __init__(self, given: Any = None, *, beside: Iterable[Stage], stage: Stage | None = None) -> None:
        order = list(beside)
        own = next((at for at, one in enumerate(order, 1) if stage and one.pk == stage.pk), None)
        super().__init__(given, initial=self._now(stage, order, own))
        choices = place_choices([one.name for one in order], own)
        self.fields["position"].choices = choices  # type: ignore[attr-defined]
        known = [(one.key, capfirst(str(one.name))) for one in offered()]
        self.fields["requires"].choices = known  # type: ignore[attr-defined]

    @staticmethod
    def _now(stage: Stage | None, order: Sequence[Stage], own: int | None) -> dict[str, Any]:
        if stage is None:
            last_open = max((at for at, one in enumerate(order, 1) if one.is_open), default=0)
            return {"kind": Stage.Kind.OPEN, "position": str(last_open + 1)}
        facts = ("name", "kind", "patience_days", "requires")
        return {**{name: getattr(stage, name) for name in facts}, "position": str(own)}


class AddReasonForm(forms.Form):
    """One more reason for an end."""

    of = forms.ChoiceField(label=_("For deals that end as"), choices=EndCause.choices, widget=Pick)
    name = forms.CharField(
        label=_("Reason"),
        max_length=120,
        error_messages=NAME,
        help_text=_("Everybody who closes a deal chooses from these."),
    )


class AddBesideForm(forms.Form):
    """One more competitor, or one more place where deals come from."""

    of = forms.ChoiceField(
        label=_("This is"), choices=[("competitor", _("A competitor")), ("source", _("A source of deals"))], widget=Pick
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        error_messages=NAME,
        help_text=_("Everybody who opens or closes a deal chooses from these."),
    )


class RateForm(forms.Form):
    """A rate from a day on."""

    currency = forms.ChoiceField(label=_("Currency"))
    from_on = forms.DateField(
        label=_("From"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Deals that are qualified from this day on take it. Earlier ones keep the rate of their day."),
    )
    rate = forms.DecimalField(label=_("Rate"), max_digits=18, decimal_places=8)

    def __init__(self, given: Any = None, *, tenant: Tenant, today: date) -> None:
        super().__init__(given, initial={"from_on": today})
        offered = [one for one in currencies(timezone.now().date(), words.locale()) if one[0] != tenant.currency]
        self.fields["currency"].choices = [("", _("Choose one")), *offered]  # type: ignore[attr-defined]
        self.fields["rate"].help_text = _("What one unit of it is worth in {own}, like 0.92.").format(
            own=tenant.currency
        )
