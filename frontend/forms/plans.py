"""Forms of plans: steps shared with a customer, what a member plans, targets, and questions about later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import people
from accounts.models import Membership, Team
from activities.models import ActivityType
from frontend.forms.deal_deeds import MOST_LISTED, day_field, picked
from frontend.forms.people import Picked, Who
from frontend.forms.pick import Pick
from outcomes.models import ActivityTarget, Conversation, MilestoneType, MutualStep, PlannedActivity
from outcomes.services.conversations import LONGEST_HEARD, MOST_THEMES
from outcomes.services.mutual_steps import MOST_STEPS
from outcomes.services.targets import MOST, MOST_AHEAD
from strategy.models import Company, Contact, Deal

#: So many boxes for themes are offered, and one more than are filled in.
THEME_BOXES = 3


def needed_day(label: object, **options: Any) -> forms.DateField:
    field = day_field(label, **options)
    field.required = True
    field.error_messages |= {"required": _("Give a day."), "invalid": _("Give a day.")}
    return field


def version_field() -> forms.IntegerField:
    return forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=2**31 - 1)


def _contacts(company_id: Any) -> Any:
    if company_id is None:
        return Contact.objects.none()
    return Contact.objects.filter(company=company_id, merged_into=None).order_by("name")[:MOST_LISTED]


def keep(field: Picked, row: Any) -> None:
    """Offer also what is chosen now, where it would not be offered anew."""
    if row is not None and str(row.pk) not in field.rows:
        field.offer([*field.choices, (str(row.pk), str(row))], [*field.rows.values(), row])  # type: ignore[misc]


class StepForm(forms.Form):
    """A step of a mutual plan: what happens, by when, and who sees to it on both sides."""

    name = forms.CharField(
        label=_("What is to happen"), max_length=200, error_messages={"required": _("Say what is to happen.")}
    )
    due_on = needed_day(_("By"))
    our_owner = Who(label=_("Who sees to it here"), required=False)
    their_owner = Picked(label=_("Who sees to it at the customer"))
    their_name = forms.CharField(label=_("Or their name, where they are not known yet"), required=False, max_length=120)
    type = Picked(label=_("For which outcome"))
    position = forms.IntegerField(label=_("Place in the order"), required=False, min_value=1, max_value=MOST_STEPS)
    done_on = day_field(_("Done on"), help_text=_("Empty while it is still to be done."))
    version = version_field()

    def __init__(self, given: Any, *, deal: Deal, step: MutualStep | None, member: Membership) -> None:
        names = ("name", "due_on", "their_name", "position", "done_on", "version")
        first: dict[str, Any] = {"our_owner": str(member.pk)}
        if step is not None:
            first = {name: getattr(step, name) for name in names}
            first |= {name: str(getattr(step, f"{name}_id") or "") for name in ("our_owner", "their_owner", "type")}
        super().__init__(given, initial=first)
        whose: Any = self.fields["our_owner"]
        whose.offer_members(people.who_can_sign_in())
        types = MilestoneType.objects.filter(is_archived=False).order_by("position")
        self.fields["their_owner"] = picked(_("Who sees to it at the customer"), _contacts(deal.company_id))
        self.fields["type"] = picked(_("For which outcome"), types)
        if step is None:
            del self.fields["position"], self.fields["done_on"], self.fields["version"]
        else:
            for name in ("their_owner", "type", "our_owner"):
                keep(self.fields[name], getattr(step, name))  # type: ignore[arg-type]
        order = ("name", "due_on", "our_owner", "their_owner", "their_name", "type", "done_on", "position", "version")
        self.order_fields(order)


class PlanForm(forms.Form):
    """Something to do within a day, a week or a month."""

    type = forms.ChoiceField(label=_("What?"), widget=Pick, error_messages={"required": _("Choose what to do.")})
    span = forms.ChoiceField(
        label=_("Within"),
        widget=Pick,
        choices=[
            (PlannedActivity.Span.DAY, pgettext_lazy("plan within", "The day")),
            (PlannedActivity.Span.WEEK, pgettext_lazy("plan within", "The week")),
            (PlannedActivity.Span.MONTH, pgettext_lazy("plan within", "The month")),
        ],
        error_messages={"required": _("Choose the day, the week or the month.")},
    )
    on = needed_day(_("Which day"), help_text=_("Or any day of the week or the month."))
    deal = Picked(label=_("Deal"))
    milestone = Picked(label=_("For which outcome"))
    purpose = forms.CharField(label=_("What for"), required=False, max_length=200)
    version = version_field()

    def __init__(
        self,
        given: Any,
        *,
        member: Membership,
        plan: PlannedActivity | None = None,
        on: date | None = None,
        span: str = PlannedActivity.Span.DAY,
        deal: Deal | None = None,
    ) -> None:
        types = list(ActivityType.objects.filter(is_archived=False).order_by("position"))
        first: dict[str, Any] = {"on": on, "span": span, "deal": str(deal.pk) if deal else ""}
        first["type"] = str(types[0].pk) if types else ""
        if plan is not None:
            first = {"purpose": plan.purpose, "version": plan.version}
            first |= {"deal": str(plan.deal_id or ""), "milestone": str(plan.milestone_id or "")}
        super().__init__(given, initial=first)
        self.types = {str(one.pk): one for one in types}
        what: Any = self.fields["type"]
        what.widget = Pick(drawn={str(one.pk): {"icon": one.icon} for one in types})
        what.choices = [(str(one.pk), one.name) for one in types]
        own = Deal.objects.filter(owner=member, end_cause="", merged_into=None).order_by("name", "pk")
        self.fields["deal"] = picked(_("Deal"), own[:MOST_LISTED], _("No deal"))
        keep(self.fields["deal"], plan.deal if plan else deal)  # type: ignore[arg-type]
        milestones = MilestoneType.objects.filter(is_archived=False).order_by("position")
        self.fields["milestone"] = picked(_("For which outcome"), milestones)
        keep(self.fields["milestone"], plan.milestone if plan else None)  # type: ignore[arg-type]
        if plan is not None:
            del self.fields["type"], self.fields["span"], self.fields["on"]
        self.order_fields(("type", "deal", "span", "on", "milestone", "purpose", "version"))

    def clean_type(self) -> ActivityType:
        return self.types[self.cleaned_data["type"]]


class MovePlanForm(forms.Form):
    """Another time for what is planned."""

    span = forms.ChoiceField(label=_("Within"), widget=Pick, choices=PlannedActivity.Span.choices)
    on = needed_day(_("Which day"), help_text=_("Or any day of the week or the month."))
    note = forms.CharField(label=_("Why"), required=False, max_length=300)
    version = version_field()


class DropPlanForm(forms.Form):
    """That it is not going to be done, and why."""

    note = forms.CharField(
        label=_("Why not"), max_length=300, error_messages={"required": _("Say in a few words why not.")}
    )
    version = version_field()


class TargetForm(forms.Form):
    """How many, for whom, for which outcome, and why."""

    whom = forms.ChoiceField(label=_("For whom"))
    type = Picked(label=_("What"), required=True)
    number = forms.IntegerField(label=_("How many"), min_value=1, max_value=MOST)
    per = forms.ChoiceField(
        label=_("In"),
        widget=Pick,
        choices=[
            (ActivityTarget.Per.WEEK, pgettext_lazy("so many in", "A week")),
            (ActivityTarget.Per.MONTH, pgettext_lazy("so many in", "A month")),
        ],
        initial=ActivityTarget.Per.WEEK,
    )
    milestone = Picked(
        label=_("For which outcome"),
        required=True,
        help_text=_("Activity is never an end in itself: what customers agree to stands beside it."),
    )
    why = forms.CharField(
        label=_("Why this many"),
        max_length=300,
        error_messages={"required": _("Say why: what it does for the outcome.")},
    )
    from_on = needed_day(_("From"))
    until_on = day_field(_("Until"))
    version = version_field()

    def __init__(
        self,
        given: Any,
        *,
        target: ActivityTarget | None = None,
        whom: Sequence[tuple[str, object]] = (),
        from_on: date | None = None,
    ) -> None:
        first: dict[str, Any] = {"from_on": from_on}
        if target is not None:
            names = ("number", "per", "why", "from_on", "until_on", "version")
            first = {name: getattr(target, name) for name in names} | {"milestone": str(target.milestone_id)}
        super().__init__(given, initial=first)
        kinds: Any = self.fields["type"]
        types = list(ActivityType.objects.filter(is_archived=False).order_by("position"))
        kinds.offer([(str(one.pk), one.name) for one in types], types)
        milestones: Any = self.fields["milestone"]
        known = list(MilestoneType.objects.filter(is_archived=False).order_by("position"))
        milestones.offer([(str(one.pk), one.name) for one in known], known)
        if target is not None:
            keep(milestones, target.milestone)
            del self.fields["whom"], self.fields["type"]
        else:
            chosen: Any = self.fields["whom"]
            chosen.choices = list(whom)

    def for_whom(self) -> dict[str, Any]:
        """The member or the team that was chosen, or neither."""
        kind, _colon, key = self.cleaned_data["whom"].partition(":")
        if kind == "member":
            return {"member": Membership.objects.get(pk=key)}
        return {"team": Team.objects.get(pk=key)} if kind == "team" else {}


class AimForm(forms.Form):
    """How many conversations are to look beyond the quarter."""

    number = forms.IntegerField(
        label=_("Conversations beyond this quarter, in two weeks"),
        required=False,
        min_value=0,
        max_value=MOST_AHEAD,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "short"}),
        help_text=_("Those that look at this year or further. Empty means that you have no aim."),
    )


class ConversationForm(forms.Form):
    """A question to a company about its next years, and what came of it."""

    prompt = forms.ChoiceField(label=_("What it is about"), choices=Conversation.Prompt.choices)
    question = forms.CharField(
        label=_("The question"),
        max_length=300,
        help_text=_("As you would ask it."),
        error_messages={"required": _("Write the question down.")},
    )
    contact = Picked(label=_("Whom to ask"))
    horizon = forms.ChoiceField(label=_("How far ahead"), widget=Pick, choices=Conversation.Horizon.choices)
    asked_on = day_field(_("Asked on"), help_text=_("Empty while it waits to be asked."))
    heard = forms.CharField(
        label=_("What you heard"), required=False, max_length=LONGEST_HEARD, widget=forms.Textarea({"rows": 4})
    )
    deal = Picked(label=_("The deal it became"))
    version = version_field()

    def __init__(
        self,
        given: Any,
        *,
        company: Company,
        talk: Conversation | None = None,
        deal: Deal | None = None,
        prompt: str = "",
        asked_on: date | None = None,
    ) -> None:
        first: dict[str, Any] = {"horizon": Conversation.Horizon.H3, "prompt": prompt}
        names: list[str] = []
        if talk is not None:
            plain = ("prompt", "question", "horizon", "asked_on", "heard", "version")
            first = {name: getattr(talk, name) for name in plain} | {"contact": str(talk.contact_id or "")}
            first["deal"] = str(deal.pk) if deal else ""
            first["asked_on"] = talk.asked_on or asked_on
            names = [theme.name for theme in talk.themes.all()]
        super().__init__(given, initial=first)
        self.fields["contact"] = picked(_("Whom to ask"), _contacts(company.pk))
        keep(self.fields["contact"], talk.contact if talk else None)  # type: ignore[arg-type]
        deals = Deal.objects.filter(company=company, merged_into=None).order_by("-created_at", "-pk")
        self.fields["deal"] = picked(_("The deal it became"), deals[:MOST_LISTED], _("None yet"))
        keep(self.fields["deal"], deal)  # type: ignore[arg-type]
        self.boxes = [f"theme_{place}" for place in range(1, min(max(THEME_BOXES, len(names) + 1), MOST_THEMES) + 1)]
        for place, name in enumerate(self.boxes):
            label = _("Theme") if not place else _("Another theme")
            box = forms.CharField(
                label=label, required=False, max_length=60, widget=forms.TextInput({"list": "themes"})
            )
            box.initial = names[place] if place < len(names) else ""
            self.fields[name] = box
        order = ("prompt", "question", "contact", "horizon", "asked_on", "heard", *self.boxes, "deal", "version")
        self.order_fields(order)

    def given(self) -> dict[str, Any]:
        """What the deed takes."""
        values = {name: value for name, value in self.cleaned_data.items() if name not in self.boxes}
        values.pop("version", None)
        return values | {"themes": [self.cleaned_data[name] for name in self.boxes if self.cleaned_data.get(name)]}


class ThemeFilterForm(forms.Form):
    """By which theme conversations are looked at, and whether they were asked."""

    theme = forms.CharField(
        label=_("Theme"),
        required=False,
        max_length=60,
        widget=forms.TextInput({"list": "themes", "placeholder": _("Theme")}),
    )
