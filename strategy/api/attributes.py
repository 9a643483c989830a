"""The organisation's own facts of companies, contacts and deals."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.response import Response

from accounts.api import fields, ids
from accounts.api.filters import Filter
from accounts.api.idempotency import idempotent
from accounts.api.resource import TokenRequest
from strategy import customer_listings as listings
from strategy import services
from strategy.api import customer_inputs as inputs
from strategy.api import customer_shapes as shapes
from strategy.api.pipelines import ACCESS, Described
from strategy.models import Attribute


class Attributes(Described):
    """The organisation's own facts of companies, contacts and deals."""

    kind = ids.ATTRIBUTE
    access = {**ACCESS, **dict.fromkeys(("list", "retrieve"), "company.see")}
    names = {
        "list": "list_attributes",
        "retrieve": "get_attribute",
        "create": "create_attribute",
        "partial_update": "change_attribute",
    }
    takes = {"create": inputs.DefineAttribute, "partial_update": inputs.ChangeAttribute}
    gives = dict.fromkeys(names, shapes.AttributeOut)
    filters = {"list": [Filter("of", fields.OneOf(Attribute.Of.values), "Only those of this kind of row.")]}
    table = Attribute
    listing, show, place = listings.ATTRIBUTES, shapes.attribute, "attributes"

    def list(self, request: TokenRequest) -> Response:
        """List the attributes. Among those of one kind their `position` is their order."""
        return self.page(listings.ATTRIBUTES, shapes.attribute)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one attribute."""
        return Response(shapes.attribute(self.shown(listings.ATTRIBUTES, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Define an attribute."""
        return self.made(services.define_attribute(actor=request.user, at=timezone.now(), **self.read(request)))

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Change an attribute, or archive it.

        Its kind stays once rows have values, and so do choices that rows name (409 `attribute_in_use`).
        """
        row = self.row(id)
        services.edit_attribute(attribute=row, actor=request.user, at=timezone.now(), **self.read(request))
        return self.answer(row)
