"""The site map's parts: API and pages. Probes are answered before it is looked at, by `config.health`."""

from django.urls import include, path

urlpatterns = [
    path("api/", include("config.api")),
    path("", include("frontend.urls")),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
# The sign-in library alone looks for this one; programs are told by the limits of the API.
handler429 = "frontend.views.errors.too_often"
handler500 = "config.errors.failed"
