"""Figures, dates and spans of time as people write them. Each is formatted once, where it is computed."""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_skeleton, format_time
from babel.lists import format_list
from babel.numbers import (
    format_compact_currency,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
)
from django.utils.translation import get_language, gettext, ngettext

from accounts import days as written

WHOLE_FROM = 1_000
SHORT_FROM = 10_000
MINUS = "\N{MINUS SIGN}"


def money_locale() -> Locale:
    """The locale whose signs for currencies are used."""
    # British custom writes "US$"; everywhere else in English "$" is understood.
    return Locale.parse("en") if get_language() in (None, "en") else locale()


def locale() -> Locale:
    """The locale of the person who is being answered."""
    return written.locale_for(get_language())


def number(value: float | Decimal, digits: int = 0) -> str:
    """A plain number with the separators of the locale and a real minus sign."""
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(value, format=pattern, locale=locale()).replace("-", MINUS)


def money(minor: int, currency: str) -> str:
    """An amount in minor units of its currency; without the small change from 1,000 on."""
    places = get_currency_precision(currency)
    amount = Decimal(minor).scaleb(-places)
    whole = abs(amount) >= WHOLE_FROM or amount == amount.to_integral_value()
    shown = money_locale().currency_formats["standard"].pattern.replace(".00", "")
    if not whole:
        shown = shown.replace("#,##0", "#,##0." + "0" * places)
    written = format_currency(amount, currency, format=shown, locale=money_locale(), currency_digits=False)
    return written.replace("-", MINUS)


def short_money(minor: int, currency: str) -> str:
    """An amount with two or three digits, for a table or a sentence: €3.9M, €412K, €950."""
    amount = Decimal(minor).scaleb(-get_currency_precision(currency))
    if abs(amount) < SHORT_FROM:
        return money(minor, currency)
    leading = abs(amount) / 1_000 ** ((len(str(int(abs(amount)))) - 1) // 3)
    digits = 1 if leading < 10 else 0
    written = format_compact_currency(amount, currency, locale=money_locale(), fraction_digits=digits)
    return written.replace("-", MINUS)


def percent(share: float, fine: bool = False) -> str:
    """A share of one as a percentage: whole from 10 on, and whole below it too unless it stands beside its interval.

    fine: the interval is shown with it, so that one decimal below 10 claims nothing that is not known.
    """
    pattern = "0.0%" if fine and 0 < abs(share) < 0.0995 else "0%"
    return format_percent(share, format=pattern, locale=locale()).replace("-", MINUS)


def percent_range(low: float, high: float) -> str:
    """An interval of shares: "15 to 25%"."""
    digits = 1 if high < 0.0995 else 0
    return gettext("{low} to {high}%").format(low=number(low * 100, digits), high=number(high * 100, digits))


def day(when: date, *, today: date) -> str:
    """A date as "24 Nov", with the year when it is not this one."""
    skeleton = "MMMd" if when.year == today.year else "yMMMd"
    return format_skeleton(skeleton, when, locale=locale())


def weekday(when: date) -> str:
    """A date with its day of the week: "Tuesday 24 Nov"."""
    return format_skeleton("MMMEEEEd", when, locale=locale())


def month(when: date) -> str:
    """The month of a date: "November 2026"."""
    return format_skeleton("yMMMM", when, locale=locale())


def long_day(when: date) -> str:
    """A date in full, for a sentence: "25 November 2025"."""
    return written.long_day(when)


def ago(when: date, *, today: date) -> str:
    """How long ago, in words up to a week; the date before that and after today."""
    days = (today - when).days
    if days == 0:
        return gettext("today")
    if days == 1:
        return gettext("yesterday")
    if 1 < days <= 7:
        return ngettext("{n} day ago", "{n} days ago", days).format(n=days)
    return day(when, today=today)


def moment(when: datetime, *, zone: ZoneInfo, now: datetime) -> str:
    """A moment in the organisation's time: "Today 09:40" on its day, the date otherwise."""
    there, today = when.astimezone(zone), now.astimezone(zone).date()
    if there.date() == today:
        return gettext("Today {time}").format(time=clock(there.time()))
    return day(there.date(), today=today)


def clock(when: time) -> str:
    """The time of day with hours and minutes."""
    return str(format_time(when, format="short", locale=locale()))


def days(count: int) -> str:
    """A number of days."""
    return ngettext("{n} day", "{n} days", count).format(n=number(count))


def people(n: int) -> str:
    """A number of people."""
    return ngettext("{n} person", "{n} people", n).format(n=number(n))


def deals(count: int) -> str:
    """A number of deals."""
    return ngettext("{n} deal", "{n} deals", count).format(n=number(count))


def minutes(count: int) -> str:
    """A span of work: "12 min", "4 h", "1 h 30 min"."""
    hours, rest = divmod(count, 60)
    if not hours:
        return gettext("{n} min").format(n=number(rest))
    if not rest:
        return gettext("{n} h").format(n=number(hours))
    return gettext("{hours} h {minutes} min").format(hours=number(hours), minutes=rest)


def hours(count: float) -> str:
    """An effort of many hours, without its minutes: "1,240 h"."""
    return gettext("{n} h").format(n=number(count / 60))


def listed(items: Sequence[str]) -> str:
    """Several things in one breath: "Ingrid, Samir and Joan"."""
    return format_list(list(items), locale=locale())


def quoted(said: str) -> str:
    """Somebody's own words, in quotation marks; nothing stays nothing."""
    bare = said.strip().strip('"“”„«»').strip()
    return gettext("“{words}”").format(words=bare) if bare else ""


def initials(name: str) -> str:
    """One or two letters for the round sign of a person."""
    parts = [part for part in name.split() if part[0].isalpha()]
    if not parts:
        return "?"
    return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper()


def today_in(zone: ZoneInfo, now: datetime) -> date:
    """The date that the wall calendar of the organisation shows."""
    return now.astimezone(zone).date()
