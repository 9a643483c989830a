"""The product's site map, a page that takes its time, and one that fails over somebody's secrets."""

from __future__ import annotations

import time

from django.http import HttpRequest, HttpResponse
from django.urls import path

from config import urls


def slow(request: HttpRequest, seconds: int) -> HttpResponse:
    time.sleep(seconds)
    return HttpResponse("done")


def fails(request: HttpRequest, secret: str) -> HttpResponse:
    password = request.POST.get("password", "")
    try:
        int(password or secret)
    except ValueError as error:
        raise LookupError(f"nothing for lena@example.com with {password} at {secret}") from error
    return HttpResponse("never")


urlpatterns = [
    path("slow/<int:seconds>/", slow, name="slow"),
    path("fails/<str:secret>/", fails, name="fails"),
    *urls.urlpatterns,
]
handler404, handler500 = urls.handler404, urls.handler500
