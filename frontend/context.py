"""What the layout of every page needs, as a context processor."""

from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts.permissions import allows
from frontend import navigation

if TYPE_CHECKING:
    from frontend.http import TenantRequest

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
        request = cast("TenantRequest", request)
        context |= {
            "organisation": request.tenant,
            "member": member,
            "operator_access": getattr(request, "operator_access", None),
            "jump_url": reverse("jump", args=[request.tenant.slug]),
            "shelves": SimpleLazyObject(lambda: navigation.shelves(request)),
            "tabs_around_log": SimpleLazyObject(lambda: navigation.tabs(request)),
            "settings_shelves": SimpleLazyObject(lambda: navigation.settings_shelves(request)),
        }
        if allows(member, "activity.log"):
            context["log_url"] = reverse("log", args=[request.tenant.slug])
    else:
        context["settings_shelves"] = SimpleLazyObject(lambda: navigation.own_shelves(request))
    return context
