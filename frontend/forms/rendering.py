"""One look for every form, our own and those of the sign-in library: settings name it as FORM_RENDERER."""

from typing import Any

from django.forms import (
    BoundField,
    CheckboxInput,
    RadioSelect,
    Select,
    Textarea,
    TextInput,
    Widget,
)
from django.forms.renderers import TemplatesSetting
from django.forms.widgets import CheckboxSelectMultiple, DateTimeBaseInput, Input

WRITTEN_IN = (TextInput, Textarea, Select, DateTimeBaseInput)
MARKED = (CheckboxInput, RadioSelect, CheckboxSelectMultiple)


class PageField(BoundField):
    """A field whose control carries the class that the stylesheet draws."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: Widget | None = None) -> dict[str, Any]:
        drawn = widget or self.field.widget
        written = isinstance(drawn, (*WRITTEN_IN, Input)) and not isinstance(drawn, MARKED)
        if written and not drawn.is_hidden:
            own = attrs.get("class") or drawn.attrs.get("class", "")
            attrs = {**attrs, "class": f"input {own}".strip()}
        return super().build_widget_attrs(attrs, widget)

    @property
    def is_tick(self) -> bool:
        """A single box to tick: its label stands after it."""
        return isinstance(self.field.widget, CheckboxInput)


class PageRenderer(TemplatesSetting):
    """Forms from `templates/forms/`: a summary of errors first, then each field with its hint and its error."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
    bound_field_class = PageField
