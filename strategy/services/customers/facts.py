"""What may be said of companies and contacts: each fact in one spelling, what cannot be is told at its field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

import idna
from babel.numbers import list_currencies
from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.names import NotAName, clean_address, clean_name
from accounts.refusals import Invalid
from strategy.models import Attribute, Company, Contact, PlanPart

LONGEST_NAME = 200
LONGEST_DOMAIN = 200
MOST_TAGS, LONGEST_TAG = 50, 60
MOST_EMPLOYEES = 10_000_000
LARGEST_REVENUE = 10**16
EARLIEST_YEAR = 1000
LONGEST_OWN_TEXT = 1000
LARGEST_OWN_NUMBER = 10**15
PHONE = re.compile(r"\+?[\d\s().\-/]{3,40}((x|ext\.?|#)\s?\d{1,8})?", re.IGNORECASE)
LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
#: The limits of plain lines of text.
LINES = {"industry": 120, "country": 120, "region": 120, "title": 200, "department": 120}
OWN = "attributes."


class Unusable(ValueError):
    """A value that cannot be what it should be; its message is for people."""


def clean_line(text: str, longest: int) -> str:
    """A line of text that may be empty, in one spelling."""
    if not text or not text.strip():
        return ""
    try:
        return clean_name(text, longest=longest)
    except NotAName as error:
        raise Unusable(str(error)) from error


def clean_domain(text: str) -> str:
    """A domain without what surrounds it in an address: `https://www.Münch.de/x` is `xn--mnch-0ra.de`."""
    text = text.strip()
    if not text:
        return ""
    told = _("Give a domain like company.com.")
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
        host = idna.encode(host.rstrip("."), uts46=True).decode().removeprefix("www.")
    except (ValueError, UnicodeError) as error:
        raise Unusable(told) from error
    labels = host.split(".")
    if len(labels) < 2 or len(host) > LONGEST_DOMAIN or not all(map(LABEL.fullmatch, labels)) or labels[-1].isdigit():
        raise Unusable(told)
    return host


def shown_domain(domain: str) -> str:
    """The domain as people read it."""
    try:
        return idna.decode(domain) if "xn--" in domain else domain
    except idna.IDNAError:
        return domain


def clean_email(text: str) -> str:
    if not text.strip():
        return ""
    try:
        return clean_address(text)
    except NotAName as error:
        raise Unusable(str(error)) from error


def clean_phone(text: str) -> str:
    """A telephone number as it was written, with single spaces."""
    text = " ".join(text.split())
    if text and not (text.isascii() and PHONE.fullmatch(text) and sum(letter.isdigit() for letter in text) >= 3):
        raise Unusable(_("Give a telephone number like +49 30 1234567."))
    return text


def clean_tags(tags: Sequence[str]) -> list[str]:
    """Each tag once, whatever its case, in the order in which they were given."""
    found: dict[str, str] = {}
    for tag in tags:
        if text := clean_line(tag, LONGEST_TAG):
            found.setdefault(text.casefold(), text)
    if len(found) > MOST_TAGS:
        raise Unusable(_("Give at most {most} tags.").format(most=MOST_TAGS))
    return list(found.values())


def within(least: int, most: int) -> Callable[[int | None], int | None]:
    """A check that a number, if there is one, is between two others."""

    def check(number: int | None) -> int | None:
        if number is not None and not least <= number <= most:
            raise Unusable(_("Give a number from {least} to {most}.").format(least=least, most=most))
        return number

    return check


def clean_currency(text: str) -> str:
    if text and text not in list_currencies():
        raise Unusable(_("Write the three letters of ISO 4217, like EUR."))
    return text


def own_facts(of: str) -> dict[str, Attribute]:
    """The organisation's own attributes of a kind of row by their keys, archived ones among them."""
    return {one.key: one for one in Attribute.objects.filter(of=of).order_by("position", "pk")}


def own_value(attribute: Attribute, value: Any) -> Any:
    """A value as it is stored under an attribute. Raises Unusable for one of another kind."""
    if attribute.is_archived:
        raise Unusable(_("“{name}” is archived and takes no values.").format(name=attribute.name))
    match attribute.kind, value:
        case Attribute.Kind.SWITCH, bool():
            return value
        case Attribute.Kind.SWITCH, _other:
            raise Unusable(_("Give true or false."))
        case Attribute.Kind.NUMBER, int() if not isinstance(value, bool):
            return within(-LARGEST_OWN_NUMBER, LARGEST_OWN_NUMBER)(value)
        case Attribute.Kind.NUMBER, _other:
            raise Unusable(_("Give a whole number."))
        case Attribute.Kind.DAY, date() if not isinstance(value, datetime):
            return value.isoformat()
        case Attribute.Kind.DAY, str():
            return _day(value)
        case Attribute.Kind.CHOICE, str() if value in attribute.choices:
            return value
        case Attribute.Kind.CHOICE, _other:
            raise Unusable(_("Give one of: {words}.").format(words=", ".join(attribute.choices)))
        case Attribute.Kind.TEXT, str():
            return _text(value)
    raise Unusable(_("Give a text."))


def _text(value: str) -> str:
    if len(value) > LONGEST_OWN_TEXT or "\0" in value:
        raise Unusable(_("At most {longest} characters.").format(longest=LONGEST_OWN_TEXT))
    return value.strip()


def _day(value: str) -> str:
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value) and 1900 <= date.fromisoformat(value).year <= 2199:
            return value
    except ValueError:
        pass
    raise Unusable(_("Write a day like 2026-11-18."))


def own_values(
    given: Mapping[str, Any], stored: Mapping[str, Any], known: Mapping[str, Attribute]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The stored values with those that are given in their places (None and "" take one away), and what is wrong."""
    values, wrong = dict(stored), dict[str, str]()
    for key, value in list(given.items())[: 2 * MOST_TAGS]:
        if key not in known:
            wrong["attributes"] = _("There is no attribute “{key}”.").format(key=str(key)[:60])
        elif value is None or value == "":
            values.pop(key, None)
        elif values.get(key) != value:
            try:
                values[key] = own_value(known[key], value)
            except Unusable as error:
                wrong[f"{OWN}{key}"] = str(error)
    return values, wrong


def own_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """[before, after] of own values, of those that differ: a row may have many, and each change is kept for good."""
    differing = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return [{key: one[key] for key in differing if key in one} for one in (before, after)]


COMPANY: Mapping[str, Callable[[Any], Any]] = {
    "domain": clean_domain,
    "tags": clean_tags,
    "employees": within(0, MOST_EMPLOYEES),
    "revenue": within(-LARGEST_REVENUE, LARGEST_REVENUE),
    "revenue_currency": clean_currency,
}
CONTACT: Mapping[str, Callable[[Any], Any]] = {"email": clean_email, "phone": clean_phone}


def _name(text: str) -> str:
    try:
        return clean_name(text, longest=LONGEST_NAME)
    except NotAName as error:
        raise Unusable(str(error)) from error


def clean(
    given: Mapping[str, Any],
    cleaners: Mapping[str, Callable[[Any], Any]],
    stored: Company | Contact | None,
    known: Mapping[str, Attribute],
) -> tuple[dict[str, Any], dict[str, str]]:
    """The usable values of what is given, and what is wrong with the others. References are left as they are."""
    values, wrong = dict[str, Any](), dict[str, str]()
    lines = {name: lambda text, longest=longest: clean_line(text or "", longest) for name, longest in LINES.items()}
    every: dict[str, Callable[[Any], Any]] = {**lines, **cleaners, "name": _name}
    for name, value in given.items():
        if name == "attributes":
            before = stored.attributes if stored is not None else {}
            values[name], told = own_values(value or {}, before, known)
            wrong |= told
            continue
        text = "" if value is None and name in TEXTS else value
        try:
            values[name] = every[name](text) if name in every else text
        except Unusable as error:
            wrong[name] = str(error)
    return values, wrong


TEXTS = {*LINES, "domain", "email", "phone", "revenue_currency"}


def company_facts(
    given: Mapping[str, Any],
    *,
    actor: Membership,
    at: datetime,
    stored: Company | None = None,
    known: Mapping[str, Attribute],
) -> dict[str, Any]:
    """What is to be stored of a company. Raises Invalid with each field that cannot be used."""
    values, wrong = clean(given, COMPANY, stored, known)
    if "founded" in given and (founded := given["founded"]) is not None:
        year = actor.tenant.day_of(at).year
        if not EARLIEST_YEAR <= founded <= year:
            wrong["founded"] = _("Give a year from {first} to {last}.").format(first=EARLIEST_YEAR, last=year)
    if isinstance(parent := given.get("parent"), Company) and parent.merged_into_id is not None:
        wrong["parent"] = _("This company was merged into another one.")
    if wrong:
        raise Invalid(fields=wrong)
    revenue = values.get("revenue", stored.revenue if stored else None)
    currency = values.get("revenue_currency", stored.revenue_currency if stored else "")
    if "revenue" in values or "revenue_currency" in values:
        values["revenue_currency"] = (currency or actor.tenant.currency) if revenue is not None else ""
    return values


def contact_facts(
    given: Mapping[str, Any], *, stored: Contact | None = None, known: Mapping[str, Attribute]
) -> dict[str, Any]:
    """What is to be stored of a contact. Raises Invalid with each field that cannot be used."""
    values, wrong = clean(given, CONTACT, stored, known)
    if isinstance(company := given.get("company"), Company) and company.merged_into_id is not None:
        wrong["company"] = _("This company was merged into another one.")
    if isinstance(persona := given.get("persona"), PlanPart) and persona.kind != PlanPart.Kind.PERSONA:
        wrong["persona"] = _("Choose a persona.")
    if wrong:
        raise Invalid(fields=wrong)
    return values
