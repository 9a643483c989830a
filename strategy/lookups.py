"""What is called like some words: deals, companies and contacts, found by the indexes of their names.

Behind the wall no index answers LIKE: the operator may not see a row before the wall has let it through. So functions
read the indexes, of the tenant of this transaction alone, and answer keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Q

from strategy.models import Company
from strategy.models.customers import name_key

#: As many rows of a kind are looked up by their keys.
FEW = 500
DEALS, COMPANIES, CONTACTS = "deals", "companies", "contacts"
ASKED = {
    DEALS: "SELECT 'deals', deal_id FROM gate.deals_called(%(deal)s, %(key)s, %(most)s)",
    COMPANIES: "SELECT 'companies', company_id FROM gate.companies_called(%(key)s, %(most)s)",
    CONTACTS: "SELECT 'contacts', contact_id FROM gate.contacts_called(%(key)s, %(most)s)",
}


@dataclass(frozen=True)
class Called:
    """Rows with some words in their names, whatever the case and the spaces, of the kinds that were asked for.

    One or two letters are the beginning of a name: no index knows where in the middle so few of them stand. `keys`
    has more than FEW of a kind where there are more; the newest of so many are soon found by looking at each.
    """

    words: str
    keys: Mapping[str, list[UUID]]

    @property
    def deals(self) -> Q:
        """Deals whose own name or whose company's name has the words in it."""
        if len(self.keys[DEALS]) <= FEW:
            return Q(pk__in=self.keys[DEALS])
        return self._like(deal_key(self.words)) | Q(
            company_id__in=Company.objects.filter(self._like(name_key(self.words))).values("pk")
        )

    @property
    def companies(self) -> Q:
        return self._of(COMPANIES)

    @property
    def contacts(self) -> Q:
        return self._of(CONTACTS)

    def _of(self, kind: str) -> Q:
        keys = self.keys[kind]
        return Q(pk__in=keys) if len(keys) <= FEW else self._like(name_key(self.words))

    def _like(self, key: str) -> Q:
        return Q(name_key__contains=key) if is_anywhere(self.words) else Q(name_key__startswith=key)


def called(words: str, *kinds: str) -> Called:
    """What of these kinds is called like the words, in one question."""
    keys: dict[str, list[UUID]] = {kind: [] for kind in kinds}
    start = "%" if is_anywhere(words) else ""
    given = {"deal": deal_key(words), "key": name_key(words)}
    patterns = {name: f"{start}{to_the_letter(key)}%" for name, key in given.items()}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(ASKED[kind] for kind in kinds), {**patterns, "most": FEW + 1})
        for kind, key in cursor.fetchall():
            keys[kind].append(key)
    return Called(words, keys)


def is_anywhere(words: str) -> bool:
    """Whether the words may stand anywhere in a name."""
    return len(deal_key(words)) > 2


def deal_key(words: str) -> str:
    """Words as the database writes them for the names of deals."""
    return "".join(words.lower().split())


def to_the_letter(key: str) -> str:
    """The key as LIKE takes it by the letter."""
    return key.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
