"""Settings from the environment, typed where they enter.

A value comes from the real environment, else from the file that the development stack writes
(`.devstack/env`), else from the default. An empty value counts as not set. Each name that was ever asked
for stands in `READ`, with which the documentation is compared.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
YES = frozenset({"yes", "true", "1", "on"})
NO = frozenset({"no", "false", "0", "off"})


class Misconfigured(Exception):
    """A variable is missing or cannot be understood; the message says what to set."""


@dataclass(frozen=True)
class Variable:
    """What is known of one variable: `default` is as a person would write it, None when it must be set."""

    name: str
    kind: str
    default: str | None
    help: str


@dataclass(frozen=True)
class Address:
    """The parts of a URL with percent signs decoded; `name` is the path without its first slash."""

    scheme: str
    host: str
    port: int | None
    user: str
    password: str = field(repr=False)
    name: str
    options: Mapping[str, str]


READ: dict[str, Variable] = {}


def text(name: str, *, default: str | None = None, help: str = "") -> str:
    """Any words. Raises Misconfigured when there is neither a value nor a default."""
    return _raw(name, "text", default, help)


def number(
    name: str,
    *,
    default: int | None = None,
    minimum: int | None = None,
    maximum: int | None = None,
    help: str = "",
) -> int:
    """A whole number within its bounds, both inclusive. Raises Misconfigured for anything else."""
    raw = _raw(name, "number", None if default is None else str(default), help)
    try:
        value = int(raw)
    except ValueError:
        raise Misconfigured(f"{name} is {raw!r}: set it to a whole number.") from None
    if minimum is not None and value < minimum:
        raise Misconfigured(f"{name} is {value}: set it to {minimum} or more.")
    if maximum is not None and value > maximum:
        raise Misconfigured(f"{name} is {value}: set it to {maximum} or less.")
    return value


def switch(name: str, *, default: bool | None = None, help: str = "") -> bool:
    """Yes or no (also true, false, on, off, 1, 0). Raises Misconfigured for anything else."""
    raw = _raw(name, "switch", None if default is None else ("yes" if default else "no"), help)
    answer = raw.strip().lower()
    if answer not in YES | NO:
        raise Misconfigured(f"{name} is {raw!r}: set it to yes or no.")
    return answer in YES


def choice(name: str, options: Sequence[str], *, default: str | None = None, help: str = "") -> str:
    """One of the given words. Raises Misconfigured for any other."""
    value = _raw(name, f"one of {', '.join(options)}", default, help)
    if value not in options:
        raise Misconfigured(f"{name} is {value!r}: set it to one of {', '.join(options)}.")
    return value


def names(name: str, *, default: Sequence[str] | None = None, help: str = "") -> list[str]:
    """A list written with commas; blanks around the items and empty items are dropped."""
    raw = _raw(name, "names", None if default is None else ",".join(default), help)
    return [item.strip() for item in raw.split(",") if item.strip()]


def url(name: str, *, schemes: Sequence[str] = (), default: str | None = None, help: str = "") -> str:
    """An address `scheme://…`. Raises Misconfigured for another scheme; the value, which may hold a
    password, is not repeated in the message. An empty default means "none" and is passed through."""
    value = _raw(name, "url", default, help)
    if not value:
        return value
    wanted = " or ".join(f"{scheme}://…" for scheme in schemes) or "scheme://…"
    try:
        scheme = address(value).scheme
    except ValueError:
        raise Misconfigured(f"{name} is no address: set it to {wanted}.") from None
    if not scheme or (schemes and scheme not in schemes):
        raise Misconfigured(f"{name} is no address of the right kind: set it to {wanted}.")
    return value


def address(value: str) -> Address:
    """Take a URL apart. Raises ValueError when it is none (a port that is no number, an open bracket)."""
    parts = urlsplit(value)
    return Address(
        scheme=parts.scheme,
        host=unquote(parts.hostname or ""),
        port=parts.port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        name=unquote(parts.path.removeprefix("/")),
        options=dict(parse_qsl(parts.query)),
    )


def state_folder() -> Path:
    """Where the development stack keeps its data and its `env` file."""
    # Only from the real environment: the file cannot say where it lies itself.
    default = str(ROOT / ".devstack")
    READ["THROUGHLINE_STATE"] = Variable(
        "THROUGHLINE_STATE",
        "text",
        ".devstack",
        "Folder of the development stack: its data, secrets and ports.",
    )
    return Path(os.environ.get("THROUGHLINE_STATE") or default)


def read_file(path: Path) -> dict[str, str]:
    """The KEY=VALUE lines of a file; nothing when there is no such file. `#` starts a comment line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except PermissionError:
        raise Misconfigured(f"{path} cannot be read: it belongs to the user who started the stack.") from None
    pairs = (line.partition("=") for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return {key.strip(): value.strip() for key, _, value in pairs}


@cache
def _stack_file(path: Path) -> Mapping[str, str]:
    return read_file(path)


def _raw(name: str, kind: str, default: str | None, help: str) -> str:
    if help or name not in READ:
        READ[name] = Variable(name, kind, default, help)
    value = os.environ.get(name)
    if value is None:
        value = _stack_file(state_folder() / "env").get(name)
    if value:
        return value
    if default is None:
        raise Misconfigured(f"{name} is not set: set it in the environment. {help}".rstrip())
    return default
