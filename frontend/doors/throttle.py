"""Tries to sign in are counted for an address and the device they come from, never for the address alone.

So a stranger who hammers somebody's address uses up their own tries. A browser in which the person has signed in
before holds a sealed cookie and is counted by itself, even where the stranger comes from the same office.
"""

from __future__ import annotations

import secrets

from allauth.core.internal.ratelimit import get_ip
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

COOKIE = "__Host-device" if settings.SECURE else "device"
SALT = "frontend.doors.device"
A_YEAR = 365 * 24 * 3600
#: Wrong passwords of one device for one address: five in a minute, a dozen in half an hour.
OF_A_DEVICE = "5/m/key,12/30m/key"
#: Of all who come from one network, to any address.
OF_A_NETWORK = "30/m/ip"


def known_device(request: HttpRequest, address: str) -> str:
    """The name of the browser, if the person of this address has signed in there; empty for any other."""
    try:
        said = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=A_YEAR)
        return str(said["device"]) if said["of"] == _of(address) else ""
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        return ""


def remember_device(request: HttpRequest, response: HttpResponse, address: str) -> None:
    """Know this browser again as one of the person's."""
    device = known_device(request, address) or secrets.token_urlsafe(12)
    said = signing.dumps({"of": _of(address), "device": device}, salt=SALT)
    response.set_cookie(COOKIE, said, max_age=A_YEAR, secure=settings.SECURE, httponly=True, samesite="Lax")


def counted_for(request: HttpRequest, address: str) -> str:
    """What a try counts against."""
    return f"{known_device(request, address) or get_ip(request)} {address.lower()}"


def _of(address: str) -> str:
    return salted_hmac(SALT, address.lower()).hexdigest()
