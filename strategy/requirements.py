"""What a stage may ask for before a deal enters it.

A stage keeps the keys (`Stage.requires`); what a key means is registered here, by this app and by those above it, when
the program starts. What an organisation makes itself is a family of keys with the same beginning, looked up when a
stage is entered. A key that nobody knows any more asks for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refused
from strategy.models import BuyingRole, Deal, Stage

Words = str | Promise
OPEN, ENDS = frozenset({Stage.Kind.OPEN}), frozenset(Stage.Kind) - {Stage.Kind.OPEN}
EVERY = frozenset(Stage.Kind)


@dataclass(frozen=True)
class Step:
    """A deal as it is about to enter a stage. `roles` are the buying roles that come with the same step, `supplied`
    what else comes with it, by the key that it is for.
    """

    deal: Deal
    to: Stage
    roles: frozenset[str] = frozenset()
    supplied: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Requirement:
    """Something that must be known of a deal.

    `name` is what it is called in a list, `told` says what to do, `holds` whether it is known. `supply` names what of
    the same step would make it known (see `strategy.services.deals.SUPPLIES`); empty where another page is needed.
    `kinds` are the kinds of stages that can ask for it, `about` what programs are told of it beside the words, and
    `lacking` narrows many deals to those of which it is not known.
    """

    key: str
    name: Words
    told: Words
    holds: Callable[[Step], bool]
    supply: tuple[str, ...] = ()
    kinds: frozenset[str] = field(default=EVERY)
    about: Mapping[str, Any] = field(default_factory=dict)
    lacking: Callable[[QuerySet[Deal]], QuerySet[Deal]] | None = None


@dataclass(frozen=True)
class Family:
    """Requirements that the organisation makes itself. Their keys begin with `prefix`.

    `find` gives those of some keys, those it does not know left out; `offered` those that a stage can begin to ask for.
    """

    prefix: str
    find: Callable[[Sequence[str]], Sequence[Requirement]]
    offered: Callable[[], Sequence[Requirement]]


class RequirementsMissing(Refused):
    """The stage asks for what is not known of the deal yet. `data.missing` lists each with its words and the keys by
    which it can be supplied in the same step (`supply`). Whoever may override gives a reason instead."""

    code = "requirements_missing"
    status = 422
    sentence = _("{stage} asks for what is not known of {deal} yet: {named}.")

    def __init__(self, *, missing: Sequence[Requirement], **data: Any) -> None:
        fields: dict[str, str] = {}
        for one in missing:
            name = (one.supply or (one.key,))[0]
            fields[name] = " ".join(filter(None, (fields.get(name), str(one.told))))
        listed = [{"key": one.key, "words": str(one.told), "supply": list(one.supply), **one.about} for one in missing]
        super().__init__(fields=fields, named=", ".join(str(one.name) for one in missing), missing=listed, **data)


REGISTERED: dict[str, Requirement] = {}
FAMILIES: dict[str, Family] = {}


def register(*requirements: Requirement) -> None:
    """Let stages ask for these. Registering a key again replaces it."""
    REGISTERED.update({one.key: one for one in requirements})


def register_family(family: Family) -> None:
    """Let stages ask for what organisations make. Registering a prefix again replaces it."""
    FAMILIES[family.prefix] = family


def offered(kind: str | None = None) -> list[Requirement]:
    """What a stage of this kind, or of any, can ask for: in the order of registration, then the families."""
    found = [*REGISTERED.values(), *(one for family in FAMILIES.values() for one in family.offered())]
    return [one for one in found if kind is None or kind in one.kinds]


def asked_by(stage: Stage) -> list[Requirement]:
    """What a stage asks for, in its order. A key that nobody knows is left out."""
    known = {key: REGISTERED[key] for key in stage.requires if key in REGISTERED}
    for prefix, family in FAMILIES.items():
        if keys := [key for key in stage.requires if key.startswith(prefix)]:
            known |= {one.key: one for one in family.find(keys)}
    return [known[key] for key in stage.requires if key in known and stage.kind in known[key].kinds]


def missing(step: Step, asked: Sequence[Requirement] | None = None) -> list[Requirement]:
    """What the stage asks for and is not known. `asked` is what it asks for, where that was looked up before."""
    return [one for one in (asked_by(step.to) if asked is None else asked) if not one.holds(step)]


def has_role(*roles: str) -> Callable[[Step], bool]:
    """Whether somebody has one of these roles in the decision; anybody at all where none is named."""

    def holds(step: Step) -> bool:
        if step.roles & set(roles) if roles else step.roles:
            return True
        named = BuyingRole.objects.filter(deal=step.deal)
        return (named.filter(role__in=roles) if roles else named).exists()

    return holds


def _without_role(*roles: str) -> Callable[[QuerySet[Deal]], QuerySet[Deal]]:
    def lacking(deals: QuerySet[Deal]) -> QuerySet[Deal]:
        named = BuyingRole.objects.filter(deal=OuterRef("pk"))
        return deals.exclude(Exists(named.filter(role__in=roles) if roles else named))

    return lacking


def _fact(key: str, name: Words, told: Words, field: str, *, kinds: frozenset[str] = EVERY) -> Requirement:
    """A column of the deal that is filled in."""

    def lacking(deals: QuerySet[Deal]) -> QuerySet[Deal]:
        return deals.filter(**{field: None})

    return Requirement(key, name, told, _known(field), (_supplied_as(key),), kinds, lacking=lacking)


def _people(key: str, name: Words, told: Words, *roles: str) -> Requirement:
    """Somebody at the customer who has one of the roles in the decision."""
    return Requirement(key, name, told, has_role(*roles), (key,), lacking=_without_role(*roles))


def _supplied_as(key: str) -> str:
    return "qualified_on" if key == "qualified" else key


def _known(field: str) -> Callable[[Step], bool]:
    return lambda step: getattr(step.deal, field) not in (None, "")


RATE = Requirement(
    "rate", _("the exchange rate"), _("Give the rate of the day of qualification."), lambda step: True, ("rate",)
)

register(
    _fact("amount", _("value"), _("Give the value."), "amount"),
    _fact(
        "expected_close_on",
        _("expected close"),
        _("Give the day on which you expect the decision."),
        "expected_close_on",
    ),
    _fact("company", _("company"), _("Choose the company."), "company_id"),
    _fact("owner", _("owner"), _("Choose who has the deal."), "owner_id"),
    _fact("qualified", _("qualification"), _("Say when it was qualified."), "qualified_on"),
    _fact("strategy", _("strategy"), _("Choose the strategy it serves."), "strategy_id"),
    _fact("segment", _("segment"), _("Choose the segment it belongs to."), "segment_id"),
    _fact("play", _("play"), _("Choose the play it follows."), "play_id"),
    _fact("came_from", _("source"), _("Choose where it came from."), "came_from_id"),
    _people("contact", _("a contact"), _("Name somebody at the customer.")),
    _people("champion", _("champion"), _("Name who speaks for us at the customer."), BuyingRole.Role.CHAMPION),
    _people(
        "economic_buyer",
        _("economic buyer"),
        _("Name who decides about the money."),
        BuyingRole.Role.ECONOMIC_BUYER,
    ),
    _fact("reason", _("reason"), _("Choose why it ended."), "end_reason_id", kinds=ENDS),
    _fact("competitor", _("competitor"), _("Choose who won it."), "competitor_id", kinds=frozenset({Stage.Kind.LOST})),
)
