"""What is answered where no view could: a page to people, a problem to programs."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts.api import problems
from accounts.permissions import NotAllowed
from accounts.refusals import Refused
from frontend.views import errors

Handler = Callable[..., HttpResponse]


def _by_door(page: Handler, refusal: type[Refused]) -> Handler:
    def handler(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
        # The raw address: a forged Host breaks everything that would build a whole one.
        if request.path_info.startswith("/api/v"):
            return problems.answer(request, refusal())
        return page(request) if exception is None else page(request, exception)

    return handler


bad_request = _by_door(errors.bad_request, problems.BadRequest)
forbidden = _by_door(errors.forbidden, NotAllowed)
not_found = _by_door(errors.not_found, problems.NotThere)
failed = _by_door(errors.failed, problems.InternalError)
