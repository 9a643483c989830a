"""What a domain's owner has written into its TXT records."""

from __future__ import annotations

import dns.exception
import dns.resolver
from django.conf import settings

LABEL = "_sign-in-challenge"
SECONDS = 5.0


class NoAnswer(Exception):
    """Nobody could say what stands there: neither yes nor no."""


def record_name(domain: str) -> str:
    """Where the record of a domain stands."""
    return f"{LABEL}.{domain}"


def texts_of(name: str) -> list[str]:
    """The texts at a name; none when the name or the record does not exist. Raises NoAnswer."""
    try:
        found = _resolver().resolve(name, "TXT", lifetime=SECONDS, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError, ValueError) as error:
        raise NoAnswer(name) from error
    return [b"".join(record.strings).decode("utf-8", "replace").strip() for record in found]


def _resolver() -> dns.resolver.Resolver:
    """The machine's own, or the installation's choice."""
    if not settings.DNS_SERVERS:
        return dns.resolver.Resolver()
    resolver = dns.resolver.Resolver(configure=False)
    hosts = [
        server.rpartition(":") if server.count(":") == 1 else (server, "", "53") for server in settings.DNS_SERVERS
    ]
    resolver.nameservers = [host for host, _, _ in hosts]
    resolver.port = int(hosts[0][2])
    return resolver
