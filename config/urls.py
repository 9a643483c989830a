"""The site map's parts: health, sign-in, API, pages."""

from django.urls import include, path

from config import health

urlpatterns = [
    path("livez", health.alive, name="livez"),
    path("readyz", health.ready, name="readyz"),
    path("accounts/", include("allauth.account.urls")),
    path("", include("frontend.urls")),
]
