"""Lists that members keep under a name, for themselves or for everybody."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import Membership, SavedView
from accounts.names import NotAName, clean_name
from accounts.permissions import allows, require
from accounts.refusals import Invalid, Refused

LONGEST_VIEW_NAME, LONGEST_QUERY = 80, 2000
#: More of one member no page lists.
MOST_VIEWS = 50


class ViewNameTaken(Refused):
    """The member has a view of this name already."""

    code = "view_name_taken"
    sentence = gettext_lazy("You have a view named {name} already.")


class TooManyViews(Refused):
    """The member has as many views as one may."""

    code = "too_many_views"
    sentence = gettext_lazy("You may keep at most {most} views. Remove one that you no longer use.")


class ViewOfAnother(Refused):
    """The view is somebody else's."""

    code = "view_of_another"
    status = 403
    sentence = gettext_lazy("This view is somebody else’s. Save one of your own.")


def save_view(
    *, page: str, name: str, query: str, actor: Membership, at: datetime, is_shared: bool = False
) -> SavedView:
    """Keep a list under a name. Raises Invalid, ViewNameTaken, TooManyViews, NotAllowed."""
    require(actor, "deal.see")
    if is_shared:
        require(actor, "deal.open")
    if len(query) > LONGEST_QUERY:
        raise Invalid(fields={"name": _("This list asks for more than can be kept. Take some filters away.")})
    if SavedView.objects.filter(member=actor).count() >= MOST_VIEWS:
        raise TooManyViews(most=MOST_VIEWS)
    with transaction.atomic():
        view = SavedView(page=page, name=_clean(name), query=query, member=actor, is_shared=is_shared)
        _store(view)
        audit.record(verb="view.saved", subject=view, actor=actor, at=at, name=view.name)
    return view


def change_view(*, view: SavedView, name: str, is_shared: bool, actor: Membership, at: datetime) -> None:
    """Rename a view, share it or keep it to oneself. Raises Invalid, ViewNameTaken, ViewOfAnother, NotAllowed."""
    _refuse_others(view, actor)
    if is_shared:
        require(actor, "deal.open")
    was, view.name, view.is_shared = view.name, _clean(name), is_shared
    with transaction.atomic():
        _store(view)
        audit.record(verb="view.changed", subject=view, actor=actor, at=at, name=[was, view.name])


def remove_view(*, view: SavedView, actor: Membership, at: datetime) -> None:
    """Remove a view. Raises ViewOfAnother."""
    _refuse_others(view, actor)
    with transaction.atomic():
        audit.record(verb="view.removed", subject=view, actor=actor, at=at, name=view.name)
        view.delete()


def _refuse_others(view: SavedView, actor: Membership) -> None:
    """One's own; what is shared also by those who direct, who clear up after others."""
    if view.member_id != actor.pk and not (view.is_shared and allows(actor, "organisation.edit")):
        raise ViewOfAnother


def _clean(name: str) -> str:
    try:
        return clean_name(name, longest=LONGEST_VIEW_NAME)
    except NotAName as error:
        raise Invalid(fields={"name": str(error)}) from error


def _store(view: SavedView) -> None:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        taken = ViewNameTaken(name=view.name)
        taken.fields = {"name": str(taken)}
        raise taken from error
