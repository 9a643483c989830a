"""How a list of deals is narrowed."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.visibility import sight_of
from strategy.models import EndCause, Stage
from strategy.queries import ALL, OPEN, DealFilter


class DealFilterForm(forms.Form):
    """A GET form. What is not understood is left out, never an error: addresses live long."""

    standing = forms.ChoiceField(
        label=_("Standing"),
        required=False,
        choices=[(OPEN, _("Open")), *EndCause.choices, (ALL, _("All"))],
    )
    stage = forms.ChoiceField(label=_("Stage"), required=False)
    whose = forms.ChoiceField(label=_("Whose"), required=False)
    q = forms.CharField(
        label=_("Part of a name"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )

    def __init__(self, given: Any, *, stages: Iterable[Stage], member: Membership) -> None:
        sight = sight_of(member)
        super().__init__(given or None, initial={"standing": OPEN})
        self.member = member
        everybody = _("Everybody's") if sight.is_all else _("All that you see")
        whose: list[tuple[str, Any]] = [("", everybody), ("mine", _("Mine"))]
        # Nobody is listed until an address names them: an organisation may have thousands.
        if chosen := member_of(given.get("whose", "")):
            whose.append((str(chosen.pk), chosen.name))
        elif sight.is_own:
            del self.fields["whose"]
        if "whose" in self.fields:
            self.fields["whose"].choices = whose  # type: ignore[attr-defined]
        choices = [("", _("Any stage")), *((str(stage.pk), stage.name) for stage in stages if stage.is_open)]
        self.fields["stage"].choices = choices  # type: ignore[attr-defined]
        self.fields["q"].widget.attrs["placeholder"] = _("Part of a name")
        self.is_valid()

    def wanted(self) -> DealFilter:
        """The filter that was asked for."""
        given = getattr(self, "cleaned_data", {})
        return DealFilter(
            standing=given.get("standing") or OPEN,
            stage=given.get("stage") or None,
            owner=self.member.pk if given.get("whose") == "mine" else given.get("whose") or None,
            words=given.get("q", ""),
        )

    def is_narrowed(self) -> bool:
        """Whether anything but the default is asked for."""
        return self.wanted() != DealFilter()


def member_of(text: str) -> Membership | None:
    """The member whose key an address carries."""
    try:
        return Membership.objects.filter(pk=UUID(text)).first()
    except ValueError:
        return None
