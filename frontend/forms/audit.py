"""How the audit is narrowed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Tenant
from frontend.audit_words import KINDS

DAYS = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
# Beyond these years a moment cannot be counted in every time zone.
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)


class AuditFilterForm(forms.Form):
    """A GET form. What is not understood is left out, never an error: addresses live long."""

    who = forms.ChoiceField(label=_("Who"), required=False)
    what = forms.ChoiceField(
        label=_("What"),
        required=False,
        choices=[("", _("Everything")), *((kind, said) for kind, said in KINDS.items())],
    )
    since = forms.DateField(label=_("From"), required=False, widget=DAYS)
    until = forms.DateField(label=_("Until"), required=False, widget=DAYS)
    about = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, given: Any, *, tenant: Tenant, people: Sequence[Membership]) -> None:
        super().__init__(given or None)
        self.tenant = tenant
        named = [(str(person.pk), person.name) for person in people]
        self.fields["who"].choices = [("", _("Everybody")), *named]  # type: ignore[attr-defined]
        self.is_valid()

    def wanted(self) -> dict[str, Any]:
        """The filters of the list, as `accounts.listings.AUDIT` knows them."""
        given = getattr(self, "cleaned_data", {})
        who, since, until = given.get("who"), given.get("since"), given.get("until")
        found = {
            "actor": UUID(who) if who else None,
            "kind": given.get("what") or None,
            "subject": given.get("about"),
            "since": self._begin(since),
            "until": self._begin(until + timedelta(days=1)) if until and until < LATEST else None,
        }
        return {name: value for name, value in found.items() if value is not None}

    def _begin(self, day: date | None) -> datetime | None:
        """The moment in which a day of the organisation begins."""
        if day is None or not EARLIEST <= day <= LATEST:
            return None
        return datetime.combine(day, time.min, tzinfo=self.tenant.zone)
