"""What pages of the sign-in library say: our words and status around its work."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse

from frontend.parts import Action


@dataclass(frozen=True, kw_only=True)
class Words:
    """The words of a page with one form or none. `back_to` is the name of the page to which `back` leads."""

    title: object
    lede: object = ""
    button: object = ""
    back: object = ""
    back_to: str = ""
    danger: bool = False
    action: Action | None = None


class Told:
    """A view of the library with our words; a form that comes back with errors says so in its status."""

    words = Words(title="")

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**given)  # type: ignore[misc]
        return {"words": self.words, **context, "title": str(self.words.title)}

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        if response.status_code == HTTPStatus.OK:
            response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response
