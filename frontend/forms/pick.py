"""Radio buttons drawn as choices."""

from collections.abc import Mapping
from typing import Any

from django import forms


class Pick(forms.RadioSelect):
    """Radio buttons in a row. drawn: for a value, the icon or mark (and its class) that stands before its words."""

    template_name = "forms/pick.html"
    use_fieldset = True

    def __init__(self, drawn: Mapping[str, Mapping[str, str]] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.drawn = drawn or {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        option["drawn"] = self.drawn.get(str(value), {})
        return option


class Ticks(forms.CheckboxSelectMultiple):
    """Boxes to tick, one below the other, each as tall as a finger needs."""

    template_name = "forms/ticks.html"


class Choices(forms.RadioSelect):
    """Radio buttons one below the other, for choices that take a sentence."""

    template_name = "forms/choices.html"
    use_fieldset = True
