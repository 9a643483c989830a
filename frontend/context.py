"""What the layout of every page needs, as a context processor."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts.permissions import allows
from frontend import navigation

THEMES = ("light", "dark")


def theme_of(request: HttpRequest) -> str:
    """The theme that the reader chose, or nothing: then their system decides."""
    theme = request.COOKIES.get("theme", "")
    return theme if theme in THEMES else ""


def layout(request: HttpRequest) -> dict[str, Any]:
    """The product's name, how the reader likes the page, and inside an organisation where they can go.

    The navigation is made only when a template asks for it: fragments and signed-out pages do not.
    """
    context: dict[str, Any] = {
        "product_name": settings.PRODUCT_NAME,
        "theme": theme_of(request),
        "keys_off": request.COOKIES.get("keys") == "off",
    }
    member = getattr(request, "membership", None)
    if member is not None:
        context |= {
            "organisation": request.tenant,
            "member": member,
            "shelves": SimpleLazyObject(lambda: navigation.shelves(request)),
            "places_before": SimpleLazyObject(lambda: navigation.places(navigation.BEFORE_LOG, request)),
            "places_after": SimpleLazyObject(lambda: navigation.places(navigation.AFTER_LOG, request)),
        }
        if allows(member, "activity.log"):
            context["log_url"] = reverse("log", args=[request.tenant.slug])
    return context
