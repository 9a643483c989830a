"""The site map's parts: health, sign-in, API, pages."""

from django.urls import include, path

from config import health

urlpatterns = [
    path("livez", health.alive, name="livez"),
    path("readyz", health.ready, name="readyz"),
    path("api/", include("config.api")),
    # First: the pages answer some addresses of the sign-in library themselves.
    path("", include("frontend.urls")),
    path("accounts/", include("allauth.account.urls")),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
handler500 = "config.errors.failed"
