"""Questions about companies and contacts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, QuerySet

from accounts.reading import Listing
from accounts.tenancy.scope import current_tenant_id
from strategy.customer_listings import CompanyRow
from strategy.lookups import COMPANIES, CONTACTS, FEW, Called, called
from strategy.models import BuyingRole, Company, Contact, Deal, EndCause, Merge, Strategy
from strategy.models.customers import name_key

Row = TypeVar("Row", Company, Contact)
#: As many groups of rows that may be one are shown at once.
GROUPS = 50


@dataclass(frozen=True, kw_only=True)
class CompanyFilter:
    """Which companies a list shows; words: part of a name."""

    words: str = ""
    owner: UUID | None = None
    industry: str = ""
    country: str = ""


class Counts(NamedTuple):
    """How many deals of a company somebody sees that are open, and that were won."""

    open: int
    won: int


class Doubles(NamedTuple):
    """Rows that share a domain, an address or a name."""

    shared: str
    keys: list[UUID]


def buying_roles(deal: Deal, *, limit: int, after: UUID | None = None) -> list[BuyingRole]:
    """Who decides about a deal, the first to be named first."""
    rows = BuyingRole.objects.filter(deal=deal).select_related("contact").order_by("pk")
    return list((rows.filter(pk__gt=after) if after else rows)[:limit])


def last_merge(*, of: str, kept: UUID) -> Merge | None:
    """The last merge into a row that was not undone."""
    return Merge.objects.filter(of=of, kept_id=kept, undone_at=None).order_by("-merged_at", "-pk").first()


def companies(wanted: CompanyFilter) -> QuerySet[Company]:
    """The companies that a filter lets through, merged ones left out."""
    rows = Company.objects.filter(merged_into=None)
    if wanted.owner:
        rows = rows.filter(owner_id=wanted.owner)
    if wanted.industry:
        rows = rows.filter(industry=wanted.industry)
    if wanted.country:
        rows = rows.filter(country=wanted.country)
    return rows.filter(called(wanted.words, COMPANIES).companies) if wanted.words else rows


def companies_page(listing: Listing[CompanyRow], *, tag: str | None = None, **wanted: Any) -> list[CompanyRow]:
    """A page of a list of companies.

    Behind the wall no index knows what stands in an array. So the function reads it, of the tenant of this
    transaction alone; with a tag that more than FEW companies have, the next of them are soon found by looking at each.
    """
    if tag is not None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT company_id FROM gate.companies_tagged(%s, %s)", [tag, FEW + 1])
            keys = [key for (key,) in cursor.fetchall()]
        wanted |= {"keys": keys} if len(keys) <= FEW else {"tag": tag}
    return listing.page(**wanted)


def contacts(*, words: str = "", company: UUID | None = None) -> QuerySet[Contact]:
    """The contacts that a filter lets through, merged ones left out."""
    rows = Contact.objects.filter(merged_into=None)
    if company:
        rows = rows.filter(company_id=company)
    return rows.filter(called(words, CONTACTS).contacts) if words else rows


def newest(rows: QuerySet[Company] | QuerySet[Contact], *, after: UUID | None, size: int) -> tuple[list[UUID], bool]:
    """The keys of one page, the newest first, and whether there are more."""
    found = rows.filter(pk__lt=after) if after else rows
    keys = list(found.order_by("-pk").values_list("pk", flat=True)[: size + 1])
    return keys[:size], len(keys) > size


def these_companies(keys: Sequence[UUID]) -> list[Company]:
    """The companies with these keys, in their order, each with its owner."""
    found = {one.pk: one for one in Company.objects.filter(pk__in=keys).select_related("owner")}
    return [found[key] for key in keys if key in found]


def these_contacts(keys: Sequence[UUID]) -> list[Contact]:
    """The contacts with these keys, in their order, each with the company they are at."""
    found = {one.pk: one for one in Contact.objects.filter(pk__in=keys).select_related("company", "persona")}
    return [found[key] for key in keys if key in found]


def deal_counts(keys: Iterable[UUID]) -> dict[UUID, Counts]:
    """How many open and won deals each of the companies has, among those that the reader sees."""
    rows = Deal.objects.real().filter(company_id__in=list(keys)).values_list("company_id")
    counted = rows.annotate(
        standing=Count("pk", filter=Q(end_cause="")), won=Count("pk", filter=Q(end_cause=EndCause.WON))
    )
    return {key: Counts(standing, won) for key, standing, won in counted}


def words_in_use(field: str, most: int = 200) -> list[str]:
    """What companies have in a field, by alphabet."""
    rows = Company.objects.exclude(**{field: ""}).order_by(field).values_list(field, flat=True)
    return list(rows.distinct()[:most])


def companies_like(company: Company) -> list[Company]:
    """Other companies with the same domain or name."""
    same = Q(name_key=company.name_key) | (Q(domain=company.domain) if company.domain else Q(pk=None))
    return list(Company.objects.filter(same, merged_into=None).exclude(pk=company.pk).order_by("pk")[:5])


def contacts_like(contact: Contact) -> list[Contact]:
    """Other contacts with the same address, or the same name at the same company."""
    same = Q(name_key=contact.name_key, company_id=contact.company_id)
    if contact.email:
        same |= Q(email=contact.email)
    rows = Contact.objects.filter(same, merged_into=None).exclude(pk=contact.pk)
    return list(rows.select_related("company").order_by("pk")[:5])


#: Which column says that two rows may be one, by the kind of row and by what they share.
SHARED = {
    (Company, "domain"): ("strategy_company", "domain"),
    (Company, "name"): ("strategy_company", "name_key"),
    (Contact, "email"): ("strategy_contact", "email"),
    (Contact, "name"): ("strategy_contact", "name_key"),
}


def doubles(
    of: type[Company] | type[Contact], by: str, *, after: str = "", size: int = GROUPS
) -> tuple[list[Doubles], str]:
    """Rows that share a domain, an address or a name, in the order of what they share, and where the next page begins.

    One question that walks the index of what is shared and stops when the page is full.
    """
    table, column = SHARED[of, by]
    text = (
        f"SELECT {column}, array_agg(id ORDER BY id) FROM {table}"  # noqa: S608  (constants)
        f" WHERE tenant_id = %s AND {column} > %s AND merged_into_id IS NULL"
        f" GROUP BY {column} HAVING count(*) > 1 ORDER BY {column} LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(text, [current_tenant_id(), after, size + 1])
        found = [Doubles(shared, keys) for shared, keys in cursor.fetchall()]
    return found[:size], found[size - 1].shared if len(found) > size else ""


def companies_named(name: str, *, most: int) -> list[Company]:
    """The companies with exactly this name, whatever the case and the spaces; where there is none, what those of this
    name were found to be the same as."""
    named = Company.objects.filter(name_key=name_key(name)).order_by("pk")
    if found := list(named.filter(merged_into=None)[:most]):
        return found
    gone = list(named.select_related("merged_into")[:most])
    return list({one.merged_into.pk: one.merged_into for one in gone if one.merged_into}.values())


def companies_called(words: str | Called, *, most: int) -> list[Company]:
    """Some companies that are called so, those that begin with the words first."""
    near = called(words, COMPANIES) if isinstance(words, str) else words
    rows = Company.objects.filter(near.companies, merged_into=None).order_by("-pk")
    return _first(list(rows[: most * 3]), near.words, most)


def contacts_called(words: str | Called, *, most: int) -> list[Contact]:
    """Some contacts who are called so, each with their company; those that begin with the words first."""
    near = called(words, CONTACTS) if isinstance(words, str) else words
    newest_keys = Contact.objects.filter(near.contacts, merged_into=None).order_by("-pk").values("pk")[: most * 3]
    # The company of those alone: joined first, it would be looked up for each that is called so.
    rows = Contact.objects.filter(pk__in=newest_keys).select_related("company").order_by("-pk")
    return _first(list(rows), near.words, most)


def strategies_called(words: str, *, most: int) -> list[Strategy]:
    """Some strategies with the words in their names. There are few, so that each is looked at."""
    return list(Strategy.objects.filter(name__icontains=words).order_by("name")[:most])


def _first(rows: list[Row], words: str, most: int) -> list[Row]:
    key = name_key(words)
    return sorted(rows, key=lambda row: not row.name_key.startswith(key))[:most]
