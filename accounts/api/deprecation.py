"""What will end is told beforehand, with every answer (RFC 9745, RFC 8594) and in the document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponseBase
from django.utils.http import http_date


@dataclass(frozen=True, kw_only=True)
class Deprecated:
    """An action that should not be used any more: since when, until when it works, and where to read what instead."""

    since: datetime
    until: datetime | None = None
    see: str

    def tell(self, answer: HttpResponseBase) -> None:
        """Write it into the headers of an answer."""
        answer.headers["Deprecation"] = f"@{int(self.since.timestamp())}"
        links = [answer.headers["Link"]] if "Link" in answer.headers else []
        links.append(f'<{self.see}>; rel="deprecation"; type="text/html"')
        if self.until is not None:
            answer.headers["Sunset"] = http_date(self.until.timestamp())
            links.append(f'<{self.see}>; rel="sunset"; type="text/html"')
        answer.headers["Link"] = ", ".join(links)

    def __str__(self) -> str:
        until = f" It works until {self.until:%Y-%m-%d}." if self.until is not None else ""
        return f"Deprecated since {self.since:%Y-%m-%d}: see {self.see}.{until}"
