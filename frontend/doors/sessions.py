"""How long somebody stays signed in: twelve hours without a request, fourteen days in all."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from allauth.core.internal.httpkit import get_client_ip
from allauth.usersessions.models import UserSession
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

IDLE = timedelta(hours=12).total_seconds()
ABSOLUTE = timedelta(days=14).total_seconds()
#: Often enough for a list of sessions, seldom enough not to write with every page.
NOTED_EVERY = timedelta(minutes=5).total_seconds()
BEGAN, SEEN = "began_at", "seen_at"


class SessionEndMiddleware:
    """Ends a session that is over; notes now and then that another one is alive, and from where."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Programs come with a token and without a session.
        if not request.path_info.startswith("/api/v") and request.user.is_authenticated:
            now = time.time()
            if is_over(request, now):
                logout(request)
            elif now - float(request.session.get(SEEN, 0)) > NOTED_EVERY:
                note(request, now)
        return self.get_response(request)


def is_over(request: HttpRequest, now: float) -> bool:
    """Whether too much time has passed since the sign-in, or since the last request."""
    began, seen = (float(request.session.get(name, now)) for name in (BEGAN, SEEN))
    # A clock that was set back makes nobody younger.
    return abs(now - began) > ABSOLUTE or abs(now - seen) > IDLE


def note(request: HttpRequest, now: float) -> None:
    """Remember when and from where the session was used."""
    request.session.setdefault(BEGAN, now)
    request.session[SEEN] = now
    if request.session.session_key is None:
        return
    UserSession.objects.update_or_create(
        session_key=request.session.session_key,
        defaults={
            "user": request.user,
            "ip": get_client_ip(request) or "0.0.0.0",  # noqa: S104  (of nowhere)
            "user_agent": said_by(request),
            "last_seen_at": timezone.now(),
        },
    )


def said_by(request: HttpRequest) -> str:
    """What the browser says of itself, as far as the table has room for it."""
    longest = UserSession._meta.get_field("user_agent").max_length
    return request.headers.get("User-Agent", "").replace("\0", "")[:longest]
