"""Where a person is signed in, and ending it."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.usersessions.models import UserSession
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from frontend import words
from frontend.access import signed_in
from frontend.doors.devices import device_words
from frontend.http import SignedRequest, done

OWN = "it is the person's own"


@dataclass(frozen=True, kw_only=True)
class SessionRow:
    """One browser in which the person is signed in."""

    device: str
    ip: str
    began: str
    seen: str
    is_this: bool
    end_url: str


@signed_in(because=OWN)
@require_GET
def listing(request: SignedRequest) -> HttpResponse:
    """Every session, this one first and then the last used."""
    found = UserSession.objects.purge_and_list(request.user)
    found.sort(key=lambda one: (not is_this(one, request), -one.last_seen_at.timestamp()))
    context = {
        "title": gettext("Sessions"),
        "rows": [row(one, request) for one in found],
        "has_others": any(not is_this(one, request) for one in found),
    }
    return render(request, "usersessions/usersession_list.html", context)


@signed_in(because=OWN)
@require_POST
def end(request: SignedRequest, pk: int) -> HttpResponse:
    """End one session: whoever sits there has to sign in again."""
    session = UserSession.objects.filter(user=request.user, pk=pk).first() if pk < 2**63 else None
    if session is None:
        raise Http404(pk)
    session.end()
    return done(request, reverse("usersessions_list"), gettext("Session ended"))


@signed_in(because=OWN)
@require_POST
def end_others(request: SignedRequest) -> HttpResponse:
    """End every session but this one."""
    for session in UserSession.objects.filter(user=request.user):
        if not is_this(session, request):
            session.end()
    return done(request, reverse("usersessions_list"), gettext("All other sessions ended"))


def is_this(session: UserSession, request: SignedRequest) -> bool:
    return bool(session.session_key == request.session.session_key)


def row(session: UserSession, request: SignedRequest) -> SessionRow:
    today = timezone.localdate()
    return SessionRow(
        device=device_words(session.user_agent),
        ip=session.ip,
        began=words.ago(timezone.localdate(session.created_at), today=today),
        seen=words.ago(timezone.localdate(session.last_seen_at), today=today),
        is_this=is_this(session, request),
        end_url=reverse("session-end", args=[session.pk]),
    )
