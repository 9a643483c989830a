"""Companies: open, change, and take over from another system."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from accounts import audit
from accounts.models import Membership
from accounts.permissions import require
from accounts.services.turns import take_turn
from accounts.tenancy.scope import current_tenant_id
from accounts.upserts import Line
from strategy.models import Attribute, Company
from strategy.services.customers.facts import company_facts, own_facts
from strategy.services.customers.refusals import CompanyBelowItself
from strategy.services.customers.storing import (
    absorb,
    at_version,
    change,
    differences,
    refuse_half_named,
    refuse_merged,
    store_new,
)

# A set grows by UNION without doubles, so a loop of companies, were there one, would end.
ABOVE = """
WITH RECURSIVE above AS (
    SELECT c.id, c.parent_id FROM strategy_company AS c WHERE c.tenant_id = %(tenant)s AND c.id = ANY(%(keys)s)
    UNION
    SELECT c.id, c.parent_id FROM strategy_company AS c JOIN above ON above.parent_id = c.id
    WHERE c.tenant_id = %(tenant)s
)
SELECT id, parent_id FROM above
"""


def open_company(
    *, actor: Membership, at: datetime, name: str, source: str = "", external_id: str = "", **given: Any
) -> Company:
    """Write down a company with its facts, the actor its owner unless somebody else is named.

    Raises NotAllowed, Invalid with the fields that are wrong, ExternalIdTaken.
    """
    require(actor, "company.edit")
    refuse_half_named(source, external_id)
    known = own_facts(Attribute.Of.COMPANY)
    facts = company_facts({"name": name, "owner": actor, **given}, actor=actor, at=at, known=known)
    company = Company(source=source, external_id=external_id, **facts)
    with transaction.atomic():
        store_new(company)
        audit.record(verb="company.opened", subject=company, actor=actor, at=at, name=company.name)
    return company


def edit_company(
    *, company: Company, actor: Membership, at: datetime, version: int | None = None, **given: Any
) -> Company:
    """Change facts of a company; those that are left out stay, and so do own attributes that are not named.

    `version` is the one that the actor saw. Raises NotAllowed, Invalid, CustomerChangedMeanwhile, CompanyBelowItself,
    WasMerged.
    """
    require(actor, "company.edit")
    refuse_merged(company)
    at_version(company, version)
    known = own_facts(Attribute.Of.COMPANY) if "attributes" in given else {}
    facts = company_facts(given, actor=actor, at=at, stored=company, known=known)
    changed = differences(company, facts)
    if not changed:
        return company
    with transaction.atomic():
        if "parent" in changed and facts["parent"] is not None:
            # In turn: two companies that move below each other at once would each see the other where it was.
            take_turn()
            refuse_loops([(company, facts["parent"])])
        change(company, facts, at=at)
        audit.record(verb="company.edited", subject=company, actor=actor, at=at, name=company.name, changed=changed)
    return company


def upsert_companies(*, lines: Sequence[Line], actor: Membership, at: datetime) -> None:
    """Make or change the company that each line names; what a line leaves out stays.

    A company that was merged is reached by its id of old. Settles or refuses every line; raises NotAllowed.
    """
    require(actor, "company.edit")
    known = own_facts(Attribute.Of.COMPANY)

    def facts(given: Mapping[str, Any], stored: Company | None) -> dict[str, Any]:
        usual = {} if stored else {"owner": actor}
        return company_facts({**usual, **given}, actor=actor, at=at, stored=stored, known=known)

    with transaction.atomic():
        if any(line.given.get("parent") for line in lines):
            take_turn()
        absorb(Company, lines, facts=facts, settle=_refuse_loops_of, actor=actor, at=at)


def refuse_loops(pairs: Iterable[tuple[Company, Company]]) -> None:
    """Raises CompanyBelowItself for the first (company, parent) that would stand below itself."""
    pairs = list(pairs)
    above = parents_above([parent.pk for _company, parent in pairs])
    for company, parent in pairs:
        if company.pk in _chain(parent.pk, above):
            told = CompanyBelowItself(parent=parent.name, company=company.name)
            raise CompanyBelowItself(parent=parent.name, company=company.name, fields={"parent": str(told)})


def parents_above(keys: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """The parent of each of the companies and of all above them."""
    with connection.cursor() as cursor:
        cursor.execute(ABOVE, {"tenant": current_tenant_id(), "keys": list(keys)})
        return dict(cursor.fetchall())


def _refuse_loops_of(judged: Sequence[tuple[Line, Company, dict[str, Any]]]) -> None:
    """Refuse each line whose company would stand below itself, by what the lines before it say, too."""
    moved = [(line, row, parent) for line, row, values in judged if (parent := values.get("parent")) is not None]
    if not moved:
        return
    above = parents_above([key for _line, row, parent in moved for key in (row.pk, parent.pk)])
    for line, row, parent in moved:
        if row.pk in _chain(parent.pk, above):
            told = CompanyBelowItself(parent=parent.name, company=row.name)
            line.refuse(CompanyBelowItself(parent=parent.name, company=row.name, fields={"parent": str(told)}))
        else:
            above[row.pk] = parent.pk


def _chain(key: UUID | None, above: Mapping[UUID, UUID | None]) -> set[UUID]:
    """A company and those above it."""
    found: set[UUID] = set()
    while key is not None and key not in found:
        found.add(key)
        key = above.get(key)
    return found
