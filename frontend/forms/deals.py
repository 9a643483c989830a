"""How a list of deals is narrowed."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, SavedView
from accounts.services.saved_views import LONGEST_VIEW_NAME
from accounts.visibility import sight_of
from frontend import deal_table
from frontend.forms.deal_deeds import stage_choices
from frontend.http import key_of
from strategy import queries
from strategy.models import EndCause, Stage
from strategy.queries import ALL, CLOSE, NEWEST, OPEN, VALUE, DealFilter

ORDER_WORDS = ((NEWEST, _("Newest first")), (VALUE, _("Largest first")), (CLOSE, _("Next decision first")))
OF_ANY = {
    "company": _("Any company"),
    "segment": _("Any segment"),
    "play": _("Any play"),
    "source": _("Any source"),
}
#: What stands before the key of a team among those whose deals are shown.
TEAM = "team-"
#: What stands in the row of filters; the rest is behind "More".
FIRST = ("standing", "stage", "whose", "q")


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
    order = forms.ChoiceField(label=_("Order"), required=False, choices=ORDER_WORDS)
    pipeline = forms.ChoiceField(label=_("Pipeline"), required=False)
    company = forms.ChoiceField(label=_("Company"), required=False)
    segment = forms.ChoiceField(label=_("Segment"), required=False)
    play = forms.ChoiceField(label=_("Play"), required=False)
    source = forms.ChoiceField(label=_("Source"), required=False)
    qualified_from = forms.DateField(
        label=_("Qualified from"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    qualified_until = forms.DateField(
        label=_("until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, given: Any, *, stages: Sequence[Stage], member: Membership) -> None:
        sight = sight_of(member)
        super().__init__(given or None, initial={"standing": OPEN, "order": NEWEST})
        self.member, self.stages = member, stages
        found = queries.choices(
            member=member,
            page=SavedView.Page.DEALS,
            company=key_of(given.get("company", "")),
            owner=key_of(given.get("whose", "")),
        )
        self.views = [one for one in found if one.kind == "view"]
        everybody = _("Everybody's") if sight.is_all else _("All that you see")
        whose: list[tuple[Any, Any]] = [("", everybody), ("mine", _("Mine"))]
        people = [(str(one.key), one.name) for one in found if one.kind == "owner" and one.key != member.pk]
        teams = [(f"{TEAM}{one.key}", one.name) for one in found if one.kind == "team"]
        grouped = [(head, rows) for head, rows in ((_("Teams"), teams), (_("People"), people)) if rows]
        if sight.is_own and not people:
            del self.fields["whose"]
        else:
            self._offer("whose", [*whose, *grouped])
        self._offer_rows("stage", _("Any stage"), stage_choices([one for one in stages if one.is_open]))
        pipelines = {one.pipeline_id: one.pipeline.name for one in stages}
        self._offer_rows("pipeline", _("Any pipeline"), pipelines.items(), unless=len(pipelines) < 2)
        for name, anything in OF_ANY.items():
            offered = [(one.key, one.name) for one in found if one.kind == name]
            self._offer_rows(name, anything, offered, unless=not offered)
        self.fields["q"].widget.attrs["placeholder"] = _("Part of a name")
        self.is_valid()
        self.columns = deal_table.columns(self._listed(given))

    def _offer(self, name: str, choices: Sequence[tuple[Any, Any]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def _offer_rows(
        self, name: str, anything: object, rows: Iterable[tuple[UUID | str, str]], *, unless: bool = False
    ) -> None:
        if unless:
            del self.fields[name]
        else:
            self._offer(name, [("", anything), *((str(key), said) for key, said in rows)])

    @staticmethod
    def _listed(given: Any) -> list[str]:
        """The columns that an address names: one after the other, or with commas between."""
        named = given.getlist("columns") if hasattr(given, "getlist") else []
        return [key for text in named for key in text.split(",")]

    @property
    def first(self) -> list[forms.BoundField]:
        """The fields of the row."""
        return [self[name] for name in FIRST if name in self.fields]

    @property
    def more(self) -> list[forms.BoundField]:
        """The fields behind "More"."""
        return [field for field in self if field.name not in FIRST]

    @property
    def column_choices(self) -> list[tuple[str, Any, bool]]:
        """Every column with its key, its head and whether it is shown."""
        return [(key, column.head, column in self.columns) for key, column in deal_table.ALL.items()]

    @property
    def order_given(self) -> str:
        return getattr(self, "cleaned_data", {}).get("order") or NEWEST

    def wanted(self) -> DealFilter:
        """The filter that was asked for."""
        given = getattr(self, "cleaned_data", {})
        whose = given.get("whose") or ""
        return DealFilter(
            standing=given.get("standing") or OPEN,
            stage=given.get("stage") or None,
            owner=self.member.pk if whose == "mine" else key_of(whose),
            team=key_of(whose.removeprefix(TEAM)) if whose.startswith(TEAM) else None,
            words=given.get("q", ""),
            **{name: given.get(name) or None for name in ("pipeline", "company", "segment", "play")},
            came_from=given.get("source") or None,
            qualified_from=given.get("qualified_from"),
            qualified_until=given.get("qualified_until"),
        )

    @property
    def pipeline_key(self) -> UUID | None:
        """The pipeline that was asked for."""
        return key_of(str(getattr(self, "cleaned_data", {}).get("pipeline") or ""))

    def is_narrowed(self) -> bool:
        """Whether anything but the default is asked for."""
        return self.wanted() != DealFilter()


class SaveViewForm(forms.Form):
    """A name for a list, and who sees it there."""

    name = forms.CharField(
        label=_("Name"), max_length=LONGEST_VIEW_NAME, error_messages={"required": _("Give a name.")}
    )
    is_shared = forms.BooleanField(
        label=_("Everybody in the organisation sees it"),
        required=False,
        help_text=_("Each sees their own deals in it, and no others."),
    )

    def __init__(self, given: Any = None, *, may_share: bool, view: SavedView | None = None) -> None:
        super().__init__(given, initial={"name": view.name, "is_shared": view.is_shared} if view else None)
        if not may_share:
            del self.fields["is_shared"]
