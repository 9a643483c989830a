"""What rows of companies, members and deals are to the import engine, and the systems whose exports we know."""

from __future__ import annotations

from accounts.imports import layouts
from strategy.imports import problems  # noqa: F401 - declares them
from strategy.imports.maven import MAVEN


def register() -> None:
    """Make the known systems known to the engine."""
    layouts.register(MAVEN)
