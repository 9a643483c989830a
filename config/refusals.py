"""What a production does not start with. Each refusal says which variable, why, and what to do; never its value."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from config import env

SHORTEST_KEY, FEWEST_CHARACTERS = 50, 10
SHORTEST_TOKEN = 20
# What development and examples begin their keys with: anybody can read those.
PUBLISHED = ("django-insecure-", "development-", "change", "example", "your-", "secret")
MAKE_ONE = "Make one: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
# The passwords that stand in tutorials and images.
WELL_KNOWN = frozenset(
    {"password", "passwd", "postgres", "throughline", "secret", "admin", "root", "guest", "test", "demo"}
    | {"changeme", "change-me", "change_me", "change", "example", "123456", "12345678", "qwerty", "valkey", "redis"}
)
LOCAL_ENDINGS = (".localhost", ".local", ".test", ".internal", ".lan", ".home.arpa", ".localdomain")


def refuse_weak_keys(**keys: str | Iterable[str]) -> None:
    """Raises Misconfigured for a key that can be guessed, or that has been published."""
    for name, given in keys.items():
        for key in [given] if isinstance(given, str) else given:
            if why := _weakness(key):
                raise env.Misconfigured(f"{name} {why}: whoever knows it can sign in as anybody. {MAKE_ONE}")


def _weakness(key: str) -> str:
    if key.lower().startswith(PUBLISHED):
        return "is one for development or out of an example"
    if len(key) < SHORTEST_KEY:
        return f"has {len(key)} characters instead of {SHORTEST_KEY} or more"
    if len(set(key)) < FEWEST_CHARACTERS:
        return "repeats a few characters"
    return ""


def refuse_known_passwords(**urls: str) -> None:
    """Raises Misconfigured for an address with a password that everybody tries first."""
    for name, url in urls.items():
        login = env.address(url)
        if login.password and login.password.lower() in WELL_KNOWN | {login.user.lower()}:
            raise env.Misconfigured(
                f"{name} has a password that everybody tries first: give that login a random one. For the database,"
                " manage.py bootstrap_database --new-passwords does."
            )


def refuse_unshared_limits(cache_url: str) -> None:
    """Raises Misconfigured without a cache that all processes share."""
    if not cache_url:
        raise env.Misconfigured(
            "CACHE_URL is not set: each process would count by itself, so limits on signing in and on programs would"
            " be several times what they say. Give a Valkey or Redis, such as redis://:password@host:6379/1."
        )


def refuse_unusable_metrics(*, token: str, listen: str) -> None:
    """Raises Misconfigured for a token that can be guessed, and for an address that is none."""
    if token and len(token) < SHORTEST_TOKEN:
        raise env.Misconfigured(f"METRICS_TOKEN has less than {SHORTEST_TOKEN} characters. {MAKE_ONE}")
    host, _, port = listen.rpartition(":")
    if listen and not (host and port.isdigit() and int(port) < 65536):
        raise env.Misconfigured(f"METRICS_LISTEN is {listen!r}: set it to address:port, for example 127.0.0.1:9100.")


def refuse_debug_in_public(*, hosts: Iterable[str], site_url: str) -> None:
    """Raises Misconfigured where strangers could read tracebacks, in which settings and people's data stand."""
    site = env.address(site_url)
    public = [host for host in (*hosts, site.host) if not _is_local(host)]
    if public or site.scheme == "https":
        where = f"for {public[0]}" if public else "where SITE_URL is https"
        raise env.Misconfigured(
            f"DEBUG shows tracebacks with people's data to every visitor, so it is refused {where}."
            " Set DEBUG=no; for development use names such as localhost, *.test, or private addresses."
        )


def _is_local(host: str) -> bool:
    name = host.lower().strip("[]").lstrip(".")
    try:
        found = ip_address(name)
    except ValueError:
        return name != "*" and ("." not in name or name.endswith(LOCAL_ENDINGS))
    return found.is_private or found.is_link_local
