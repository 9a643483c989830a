"""What can stand against a change of people and teams."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refused


class LastOwner(Refused):
    """An organisation has an owner who can sign in at all times. Make somebody else an owner first."""

    code = "last_owner"
    sentence = _("{member} is the last owner. Make somebody else an owner first.")


class OutOfReach(Refused):
    """The member, or the role to be given, is above the caller's own role."""

    code = "out_of_reach"
    status = 403
    sentence = _("This is above your own role. Ask an owner.")


class AlreadyMember(Refused):
    """Somebody with this address is a member of the organisation already."""

    code = "already_member"
    sentence = _("{email} is a member already.")


class MemberDeactivated(Refused):
    """A member with this address was deactivated. Reactivate them instead of inviting them anew."""

    code = "member_deactivated"
    sentence = _("{email} is a member who was deactivated. Reactivate them instead.")


class AlreadyInvited(Refused):
    """An invitation to this address is open. Send it again, or take it back first."""

    code = "already_invited"
    sentence = _("{email} has an open invitation already. Send that one again, or take it back first.")


class TooManyInvitations(Refused):
    """The organisation has as many open invitations, or has sent as many letters today, as one may."""

    code = "too_many_invitations"
    sentence = _("No more invitations now: an organisation has at most {most} open ones, and sends {letters} a day.")


class InvitationOver(Refused):
    """The invitation was used, taken back, replaced or has ended; or there never was one."""

    code = "invitation_over"
    status = 404
    sentence = _("This invitation opens nothing. Ask the person who invited you for a new one.")


class InvitationForAnother(Refused):
    """The invitation is bound to another address than that of the person who wants to take it."""

    code = "invitation_for_another"
    sentence = _("This invitation is for another address. Sign in with that one.")


class AlreadySignedUp(Refused):
    """Somebody with this address can sign in already."""

    code = "already_signed_up"
    sentence = _("Somebody with this address has already signed up. Sign in instead.")


class NotAPlaceholder(Refused):
    """The member has a sign-in of their own, or is somebody already; only placeholders of imports become somebody."""

    code = "not_a_placeholder"
    sentence = _("{member} is no placeholder of an import.")


class MemberIsOver(Refused):
    """The member was deactivated, and what was asked needs an active one."""

    code = "member_is_over"
    sentence = _("{member} is deactivated. Reactivate them first.")


class TeamBelowItself(Refused):
    """A team cannot stand below itself, or below a team that is below it."""

    code = "team_below_itself"
    sentence = _("{team} cannot stand below {parent}, which is below it.")


class TeamNameTaken(Refused):
    """Another team has this name, or one that reads the same."""

    code = "team_name_taken"
    sentence = _("Another team is called {name}.")


class TeamInUse(Refused):
    """The team has members or teams below it. Move them first."""

    code = "team_in_use"
    sentence = _("{team} is not empty. Move its members and the teams below it first.")
