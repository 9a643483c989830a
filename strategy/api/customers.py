"""Companies, contacts, and what contacts are in deals."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from django.utils import timezone
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.api import fields, filters, ids, upserts
from accounts.api.filters import Filter
from accounts.api.idempotency import idempotent
from accounts.api.problems import NotThere
from accounts.api.resource import Resource, TokenRequest, created
from accounts.api.tags import Match
from accounts.models import Membership
from strategy import customer_listings as listings
from strategy import customer_queries as queries
from strategy import services
from strategy.api import customer_inputs as inputs
from strategy.api import customer_shapes as shapes
from strategy.models import BuyingRole, Company, Contact, Deal, Merge, PlanPart
from strategy.models.customers import name_key

EXTERNAL = [
    Filter("source", fields.Text(longest=40), "The system that `external_id` belongs to."),
    Filter("external_id", fields.Text(longest=200), "The id in that system."),
]
SINCE = Filter(
    "updated_since", fields.Moment(), "Only what was changed at this moment or later, the oldest change first."
)
OF_DEAL = {"deal": ({"type": "string", "pattern": ids.pattern(ids.DEAL)}, "The deal.")}


class Named(fields.Text):
    """A name, compared without case and spaces."""

    def read(self, given: Any) -> str:
        return name_key(super().read(given))


def standing(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Without what was merged, unless it is asked for by its own id, or by whoever keeps a copy and must hear of it."""
    return {} if {"external_id", "updated_since"} & wanted.keys() else {"standing": True}


class Companies(Resource):
    """Companies that may buy."""

    kind = ids.COMPANY
    table = Company
    access = {
        "list": "company.see",
        "retrieve": "company.see",
        "create": "company.edit",
        "partial_update": "company.edit",
        "put_by_external_id": "company.edit",
        "upsert": "company.edit",
        "merges": "company.merge",
        "undo_merge": "company.merge",
    }
    names = {
        "list": "list_companies",
        "retrieve": "get_company",
        "create": "create_company",
        "partial_update": "change_company",
        "put_by_external_id": "put_company",
        "upsert": "upsert_companies",
        "merges": "merge_company",
        "undo_merge": "undo_company_merge",
    }
    takes = {
        "create": inputs.OpenCompany,
        "partial_update": inputs.ChangeCompany,
        "put_by_external_id": inputs.PutCompany,
        "upsert": inputs.UpsertCompanies,
        "merges": inputs.MergeCompany,
    }
    gives: ClassVar[Any] = {
        **dict.fromkeys(("list", "retrieve", "create", "partial_update", "put_by_external_id"), shapes.Company),
        "upsert": upserts.Upserted,
        "merges": shapes.MergeOut,
        "undo_merge": shapes.MergeOut,
    }
    guarded = {"partial_update": Match.NEEDED}
    filters = {
        "list": [
            filters.of("owner", ids.MEMBER, lambda: Membership.objects.all(), "Only companies of this member."),
            filters.of("parent", ids.COMPANY, lambda: Company.objects.all(), "Only companies right below this one."),
            Filter("industry", fields.Text(longest=120), "Only companies of this industry."),
            Filter("country", fields.Text(longest=120), "Only companies in this country."),
            Filter("tag", fields.Text(longest=60), "Only companies with this tag."),
            Filter("domain", fields.Text(longest=200), "Only companies with this domain, as it is answered."),
            Filter("name", Named(longest=200), "Only companies of this name, whatever its case and spaces."),
            *EXTERNAL,
            SINCE,
        ]
    }

    def list(self, request: TokenRequest) -> Response:
        """List the companies, the newest first.

        What was merged into another company is left out, unless its own id in another system, or what has changed
        (`updated_since`), is asked for: `merged_into` says so then.
        """
        listing = listings.COMPANIES_CHANGED if "updated_since" in self.wanted else listings.COMPANIES
        return self.paged(partial(queries.companies_page, listing, **standing(self.wanted)), shapes.company)

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one company."""
        return Response(shapes.company(self.shown(listings.COMPANIES, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Add a company.

        Answers 409 `external_id_taken` when the source's id is another company already.
        """
        made = services.open_company(actor=request.user, at=timezone.now(), **self.read(request))
        answer = shapes.company(listings.COMPANIES.one(made.pk))
        return created(answer, f"/api/v1/companies/{answer['id']}")

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Change a company.

        What is left out stays. A company never stands below itself (422 `company_below_itself`), and one that was
        merged is not changed any more (409 `was_merged`).
        """
        company, wanted = self._company(id), self.read(request)
        services.edit_company(company=company, actor=request.user, at=timezone.now(), **wanted)
        return Response(shapes.company(listings.COMPANIES.one(company.pk)))

    def put_by_external_id(self, request: TokenRequest, source: str, external_id: str) -> Response:
        """Make or change the company with this id in another system.

        What is left out stays as it is. A company that was merged is reached by its id of old.
        """
        line = upserts.line_of(self.read(request), source, external_id)
        services.upsert_companies(lines=[line], actor=request.user, at=timezone.now())
        return upserts.answer_one(line, lambda key: shapes.company(listings.COMPANIES.one(key)), "companies")

    @idempotent
    def upsert(self, request: TokenRequest) -> Response:
        """Make or change up to 500 companies by their ids in other systems.

        Each is judged by itself: `results` says in the order of `items` what became of it, and one that is refused
        does not stop the others. Answers 200 also then.
        """
        lines = upserts.lines_of(self.read(request)["items"], inputs.UpsertCompany)
        services.upsert_companies(lines=lines, actor=request.user, at=timezone.now())
        return upserts.answer(lines, ids.COMPANY)

    @action(detail=True, methods=["post"])
    @idempotent
    def merges(self, request: TokenRequest, id: str) -> Response:
        """Merge another company into this one.

        Deals, contacts, subsidiaries and whatever else refers to the other one refers to this one from now on. The
        other one's id and its ids in other systems lead here. Both histories tell of it, and it can be undone.
        """
        keep, wanted = self._company(id), self.read(request)
        made = services.merge_companies(keep=keep, actor=request.user, at=timezone.now(), **wanted)
        return Response(shapes.merge(made))

    @action(detail=True, methods=["post"], url_path="merges/undo")
    @idempotent
    def undo_merge(self, request: TokenRequest, id: str) -> Response:
        """Undo the last merge into this company.

        What was changed since stays as it is: `stayed` and `left` say what. Answers 404 where nothing was merged into
        it, and 409 `later_merge` when it was merged itself since.
        """
        return undo_of(self._company(id).pk, Merge.Of.COMPANY, request)

    def _company(self, text: str) -> Company:
        rows = Company.objects.select_related("parent", "owner", "merged_into")
        found = rows.filter(pk=self.key(text)).first()
        if found is None:
            raise NotThere
        return found


class Contacts(Resource):
    """People at companies."""

    kind = ids.CONTACT
    table = Contact
    access = Companies.access
    names = {
        "list": "list_contacts",
        "retrieve": "get_contact",
        "create": "create_contact",
        "partial_update": "change_contact",
        "put_by_external_id": "put_contact",
        "upsert": "upsert_contacts",
        "merges": "merge_contact",
        "undo_merge": "undo_contact_merge",
    }
    takes = {
        "create": inputs.OpenContact,
        "partial_update": inputs.ChangeContact,
        "put_by_external_id": inputs.PutContact,
        "upsert": inputs.UpsertContacts,
        "merges": inputs.MergeContact,
    }
    gives: ClassVar[Any] = {
        **dict.fromkeys(("list", "retrieve", "create", "partial_update", "put_by_external_id"), shapes.Contact),
        "upsert": upserts.Upserted,
        "merges": shapes.MergeOut,
        "undo_merge": shapes.MergeOut,
    }
    guarded = {"partial_update": Match.NEEDED}
    filters = {
        "list": [
            filters.of("company", ids.COMPANY, lambda: Company.objects.all(), "Only people at this company."),
            Filter("email", fields.Text(longest=254), "Only people with this address, in small letters."),
            filters.of(
                "persona",
                ids.PERSONA,
                lambda: PlanPart.objects.filter(kind=PlanPart.Kind.PERSONA),
                "Only people for whom this persona was chosen.",
            ),
            *EXTERNAL,
            SINCE,
        ]
    }

    def list(self, request: TokenRequest) -> Response:
        """List the contacts, the newest first.

        What was merged into another contact is left out as with companies.
        """
        listing = listings.CONTACTS_CHANGED if "updated_since" in self.wanted else listings.CONTACTS
        return self.page(listing, shapes.contact, **standing(self.wanted))

    def retrieve(self, request: TokenRequest, id: str) -> Response:
        """Show one contact."""
        return Response(shapes.contact(self.shown(listings.CONTACTS, id)))

    @idempotent
    def create(self, request: TokenRequest) -> Response:
        """Add a contact."""
        made = services.open_contact(actor=request.user, at=timezone.now(), **self.read(request))
        answer = shapes.contact(listings.CONTACTS.one(made.pk))
        return created(answer, f"/api/v1/contacts/{answer['id']}")

    def partial_update(self, request: TokenRequest, id: str) -> Response:
        """Change a contact.

        What is left out stays.
        """
        contact, wanted = self._contact(id), self.read(request)
        services.edit_contact(contact=contact, actor=request.user, at=timezone.now(), **wanted)
        return Response(shapes.contact(listings.CONTACTS.one(contact.pk)))

    def put_by_external_id(self, request: TokenRequest, source: str, external_id: str) -> Response:
        """Make or change the contact with this id in another system.

        What is left out stays as it is.
        """
        line = upserts.line_of(self.read(request), source, external_id)
        services.upsert_contacts(lines=[line], actor=request.user, at=timezone.now())
        return upserts.answer_one(line, lambda key: shapes.contact(listings.CONTACTS.one(key)), "contacts")

    @idempotent
    def upsert(self, request: TokenRequest) -> Response:
        """Make or change up to 500 contacts by their ids in other systems.

        Each is judged by itself, as with companies.
        """
        lines = upserts.lines_of(self.read(request)["items"], inputs.UpsertContact)
        services.upsert_contacts(lines=lines, actor=request.user, at=timezone.now())
        return upserts.answer(lines, ids.CONTACT)

    @action(detail=True, methods=["post"])
    @idempotent
    def merges(self, request: TokenRequest, id: str) -> Response:
        """Merge another contact into this one.

        Where both are named in a deal, the role of this one stays.
        """
        keep, wanted = self._contact(id), self.read(request)
        made = services.merge_contacts(keep=keep, actor=request.user, at=timezone.now(), **wanted)
        return Response(shapes.merge(made))

    @action(detail=True, methods=["post"], url_path="merges/undo")
    @idempotent
    def undo_merge(self, request: TokenRequest, id: str) -> Response:
        """Undo the last merge into this contact.

        What was changed since stays as it is.
        """
        return undo_of(self._contact(id).pk, Merge.Of.CONTACT, request)

    def _contact(self, text: str) -> Contact:
        rows = Contact.objects.select_related("company", "persona", "merged_into")
        found = rows.filter(pk=self.key(text)).first()
        if found is None:
            raise NotThere
        return found


def undo_of(kept: Any, of: str, request: TokenRequest) -> Response:
    """Undo the last merge into a row. Raises NotThere."""
    last = queries.last_merge(of=of, kept=kept)
    if last is None:
        raise NotThere
    undone = services.undo_merge(merge=last, actor=request.user, at=timezone.now())
    return Response(shapes.merge(last, stayed=list(undone.facts), left=undone.rows))


class BuyingRoles(Resource):
    """What contacts are in the decision about a deal."""

    kind = ids.CONTACT
    access = {"list": "deal.see", "retrieve": "deal.see", "update": "deal.move", "destroy": "deal.move"}
    names = {
        "list": "list_buying_roles",
        "retrieve": "get_buying_role",
        "update": "put_buying_role",
        "destroy": "remove_buying_role",
    }
    takes = {"update": inputs.GiveRole}
    gives = dict.fromkeys(("list", "retrieve", "update"), shapes.BuyingRoleOut)
    placed = dict.fromkeys(("list", "retrieve", "update", "destroy"), OF_DEAL)

    def list(self, request: TokenRequest, deal: str) -> Response:
        """List who decides about a deal, the first to be named first."""
        of = self._deal(deal)
        return self.paged(
            lambda limit, after: queries.buying_roles(of, limit=limit, after=after and after.key),
            shapes.buying_role,
            shapes.role_place,
        )

    def retrieve(self, request: TokenRequest, deal: str, id: str) -> Response:
        """Show what a contact is in the decision about a deal."""
        return Response(shapes.buying_role(self._role(self._deal(deal), id)))

    def update(self, request: TokenRequest, deal: str, id: str) -> Response:
        """Say what a contact is in the decision about a deal.

        Names them in the deal, or changes what they are in it.
        """
        of, wanted = self._deal(deal), self.read(request)
        contact = Contact.objects.select_related("merged_into").filter(pk=self.key(id)).first()
        if contact is None:
            raise NotThere
        services.give_buying_role(deal=of, contact=contact, actor=request.user, at=timezone.now(), **wanted)
        return Response(shapes.buying_role(self._role(of, id)))

    def destroy(self, request: TokenRequest, deal: str, id: str) -> Response:
        """Say that a contact has no part in the decision about a deal."""
        role = self._role(self._deal(deal), id)
        services.take_buying_role(role=role, actor=request.user, at=timezone.now())
        return Response(status=204)

    def _deal(self, text: str) -> Deal:
        try:
            found = Deal.objects.filter(pk=ids.decode(ids.DEAL, text)).first()
        except ids.NotAnId as error:
            raise NotThere from error
        if found is None:
            raise NotThere
        return found

    def _role(self, deal: Deal, text: str) -> BuyingRole:
        rows = BuyingRole.objects.select_related("contact", "deal")
        found = rows.filter(deal=deal, contact_id=self.key(text)).first()
        if found is None:
            raise NotThere
        return found
