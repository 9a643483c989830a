"""What each role may do: the one table that pages and API read."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.models.organisation import Role
from accounts.refusals import Refused
from accounts.visibility import sees_all

EVERYONE = frozenset(Role)
SELLING = frozenset({Role.OWNER, Role.LEADER, Role.MANAGER, Role.REP})
LEADING = frozenset({Role.OWNER, Role.LEADER, Role.MANAGER})
DIRECTING = frozenset({Role.OWNER, Role.LEADER})
OWNING = frozenset({Role.OWNER})

CAPABILITIES: dict[str, frozenset[Role]] = {
    "organisation.see": EVERYONE,
    "organisation.edit": DIRECTING,
    # Sign-in rules, the address, and giving the organisation away.
    "organisation.secure": OWNING,
    "member.see": EVERYONE,
    "member.invite": LEADING,
    "member.edit": DIRECTING,
    "team.see": EVERYONE,
    "team.edit": DIRECTING,
    "audit.see": DIRECTING,
    # Each member their own.
    "token.see": EVERYONE,
    "token.make": SELLING,
    "strategy.see": EVERYONE,
    "strategy.edit": DIRECTING,
    "company.see": EVERYONE,
    "company.edit": SELLING,
    # Making one of two companies or contacts, and two of one again.
    "company.merge": LEADING,
    "pipeline.edit": DIRECTING,
    "deal.see": EVERYONE,
    "deal.open": SELLING,
    "deal.move": SELLING,
    # Past what a stage asks for, with a reason.
    "deal.override": LEADING,
    "deal.merge": LEADING,
    "activity.see": EVERYONE,
    "activity.log": SELLING,
    "milestone.see": EVERYONE,
    "milestone.record": SELLING,
    # That it stands in a system of record: the best grade there is, on a program's word.
    "milestone.attest": DIRECTING,
    # As a second member, never one's own.
    "milestone.check": SELLING,
    # Writes to a customer, or makes a link for one.
    "confirmation.ask": SELLING,
    "statistics.see": EVERYONE,
    "event.see": EVERYONE,
    "webhook.see": DIRECTING,
    "webhook.edit": DIRECTING,
    "import.see": LEADING,
    "import.run": DIRECTING,
}


# The highest first. Nobody gives a role above their own, or changes somebody above them.
RANKS = (Role.OWNER, Role.LEADER, Role.MANAGER, Role.REP, Role.VIEWER)
#: What shows rows of everybody's at once: only for members who see everybody's deals.
OF_EVERYBODY = frozenset({"import.see"})


class NotAllowed(Refused):
    """The member's role does not include the deed."""

    code = "not_allowed"
    status = 403
    sentence = _("Your role in this organisation does not include this. Ask an owner.")


def allows(membership: Membership, capability: str) -> bool:
    """Whether the member's role and sight include a capability. Raises KeyError for one that is not in the table."""
    if not (membership.is_active and membership.role in CAPABILITIES[capability]):
        return False
    return capability not in OF_EVERYBODY or sees_all(membership)


def require(membership: Membership, capability: str) -> None:
    """Raises NotAllowed unless the member's role includes the capability."""
    if not allows(membership, capability):
        raise NotAllowed(capability=capability)


def reaches(membership: Membership, role: str) -> bool:
    """Whether a role is the member's own or below it."""
    return RANKS.index(Role(membership.role)) <= RANKS.index(Role(role))


def invitable(membership: Membership) -> list[Role]:
    """The roles with which a member may invite, the highest first: their own and below; managers reps and viewers."""
    if not allows(membership, "member.invite"):
        return []
    if membership.role == Role.MANAGER:
        return [Role.REP, Role.VIEWER]
    return [role for role in RANKS if reaches(membership, role)]
