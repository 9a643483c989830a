"""The site map's parts: API, pages, sign-in. Probes are answered before it is looked at, by `config.health`."""

from allauth.account import views as sign_in
from django.urls import include, path

urlpatterns = [
    path("api/", include("config.api")),
    # First: the pages answer some addresses of the sign-in library themselves.
    path("", include("frontend.urls")),
    # Of the sign-in library only what needs no letter, since none is sent yet.
    path("accounts/login/", sign_in.login, name="account_login"),
    path("accounts/logout/", sign_in.logout, name="account_logout"),
    path("accounts/signup/", sign_in.signup, name="account_signup"),
    path("accounts/password/change/", sign_in.password_change, name="account_change_password"),
    path("accounts/inactive/", sign_in.account_inactive, name="account_inactive"),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
# The sign-in library alone looks for this one; programs are told by the limits of the API.
handler429 = "frontend.views.errors.too_often"
handler500 = "config.errors.failed"
