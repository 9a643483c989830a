"""The field that takes one form and guesses nothing, and says its own schema."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.plumbing import ResolvedComponent
from rest_framework import serializers
from rest_framework.fields import empty


class NotUsable(ValueError):
    """A text that is not of the wanted form; its message is for people."""


class StrictField(serializers.Field):  # type: ignore[type-arg]
    """Says its own JSON schema. Subclasses turn one JSON value into one plain value."""

    default_error_messages = {"form": "{told}"}
    #: Whether what is stored may come from elsewhere, and have a form that is not taken here.
    is_stored_freely = False

    @property
    def component(self) -> str:
        """The name under which the document says the schema once; empty for one that is said in place."""
        return ""

    def schema(self) -> dict[str, Any]:
        raise NotImplementedError

    def read(self, given: Any) -> Any:
        """The value, or raises NotUsable with a sentence."""
        raise NotImplementedError

    def run_validation(self, data: Any = empty) -> Any:
        """As of any field, without the validators that none of these has."""
        return super().run_validation(data) if data is None or data is empty else self.to_internal_value(data)

    def to_internal_value(self, data: Any) -> Any:
        try:
            return self.read(data)
        except NotUsable as error:
            self.fail("form", told=error.args[0])

    def to_representation(self, value: Any) -> Any:
        return value


def named(field: StrictField, auto_schema: Any) -> Any:
    """The schema of a field, said once under its own name: written in place it would get two of one name in generated
    clients."""
    name = field.component
    found = ResolvedComponent(name, ResolvedComponent.SCHEMA, field.schema(), object=name)  # type: ignore[no-untyped-call]
    auto_schema.registry.register_on_missing(found)
    return found.ref


class FieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Takes the schema from the field itself."""

    target_class = StrictField
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = self.target.schema()
        if self.target.component:
            return dict(named(self.target, auto_schema))
        if items := getattr(self.target, "items", None):
            schema["items"] = items(auto_schema)
        if direction == "response" and self.target.is_stored_freely:
            schema.pop("pattern", None)
        return schema
