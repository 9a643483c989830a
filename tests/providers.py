"""Identity providers and name servers on this machine: real ones, and one that says what a test wants it to say."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from dnslib import QTYPE, RCODE, RR, TXT
from dnslib.server import BaseResolver, DNSLogger, DNSServer
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from joserfc.jws import JWSRegistry

from tests.processes import answers, free_port, running

KEY, STRANGE_KEY = RSAKey.generate_key(2048, {"kid": "one"}), RSAKey.generate_key(2048, {"kid": "one"})
SECRET = "the client's secret"


@dataclass
class Crooked:
    """A provider of a test's own. `says` replaces claims, `tells` parts of the discovery document."""

    port: int
    says: dict[str, Any] = field(default_factory=dict)
    leaves_out: set[str] = field(default_factory=set)
    tells: dict[str, Any] = field(default_factory=dict)
    key: Any = field(default_factory=lambda: KEY)
    algorithm: str = "RS256"
    more: dict[str, Any] | None = None
    answer: bytes | None = None
    redirect: str = ""
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def discovery(self) -> dict[str, Any]:
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return {**document, **self.tells}

    def sign_in(self, address: str) -> str:
        """What the provider's page does with somebody who was sent to it: the address they are sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, given: dict[str, str]) -> dict[str, Any]:
        asked = self.codes.pop(given.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(given.get("code_verifier", "").encode()).digest())
        if asked is None or asked["code_challenge"] != challenge.decode().rstrip("="):
            return {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": asked["client_id"], "nonce": asked["nonce"], "iat": now, "exp": now + 300}
        claims = {name: value for name, value in {**claims, **self.says}.items() if name not in self.leaves_out}
        return {"access_token": "an access token", "token_type": "Bearer", "id_token": self.signed(claims)}

    def signed(self, claims: dict[str, Any]) -> str:
        if self.algorithm == "none":
            parts = ({"alg": "none"}, claims)
            return (
                ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
                + "."
            )
        registry = JWSRegistry(algorithms=[self.algorithm])
        return jwt.encode({"alg": self.algorithm, "kid": "one"}, claims, self.key, registry=registry)


def shared_secret() -> OctKey:
    """What the client knows as well as its provider, so that a signature made with it says nothing."""
    return OctKey.import_key(SECRET * 2, {"kid": "one"})


@contextmanager
def crooked_provider() -> Iterator[Crooked]:
    """A provider that says what the test wants."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.provider = Crooked(port=server.server_port)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.provider  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Any

    def do_GET(self) -> None:
        provider: Crooked = self.server.provider
        provider.asked.append(self.path)
        if provider.redirect:
            self.send_response(302)
            self.send_header("Location", provider.redirect)
            self.end_headers()
        elif self.path.endswith("/.well-known/openid-configuration"):
            self.tell(provider.discovery())
        elif self.path == "/jwks":
            self.tell({"keys": [KEY.as_dict(private=False)]})
        elif self.path == "/userinfo" and provider.more is not None:
            self.tell(provider.more)
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        provider: Crooked = self.server.provider
        provider.asked.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.tell(provider.token({name: values[0] for name, values in parse_qs(body).items()}))

    def tell(self, document: dict[str, Any]) -> None:
        answer = self.server.provider.answer
        body = json.dumps(document).encode() if answer is None else answer
        self.send_response(400 if "error" in document else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Silently."""


@contextmanager
def independent_provider(folder: Path, **people: dict[str, Any]) -> Iterator[str]:
    """Somebody else's OpenID provider in a process of its own, who knows these people by `sub`; its issuer."""
    port = free_port()
    arguments = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true"]
    with running(arguments, log=folder / "provider.log", environment={}, ready=lambda: answers(port)):
        for subject, claims in people.items():
            address = f"http://127.0.0.1:{port}/users/{subject}"
            requests.put(address, json=claims, timeout=5).raise_for_status()
        yield f"http://127.0.0.1:{port}"


class Zone(BaseResolver):  # type: ignore[misc]
    """Names and their texts. A name that is not here does not exist; in `silent` the server itself fails."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.fails = False
        self.asked: list[str] = []
        self.port = 0

    def resolve(self, request: Any, handler: Any) -> Any:
        reply, name = request.reply(), str(request.q.qname).rstrip(".").lower()
        self.asked.append(name)
        if self.fails:
            reply.header.rcode = RCODE.SERVFAIL
        elif name not in self.texts:
            reply.header.rcode = RCODE.NXDOMAIN
        for text in self.texts.get(name, []) if request.q.qtype == QTYPE.TXT else []:
            half = len(text) // 2
            # Long texts come in pieces; readers put them together.
            reply.add_answer(RR(request.q.qname, QTYPE.TXT, rdata=TXT([text[:half], text[half:]]), ttl=1))
        return reply


@contextmanager
def name_server() -> Iterator[Zone]:
    """A real name server for the names of a test."""
    zone = Zone()
    server = DNSServer(zone, address="127.0.0.1", port=0, logger=DNSLogger("-request,-reply,-truncated,-error"))
    zone.port = server.server.server_address[1]
    server.start_thread()
    try:
        yield zone
    finally:
        server.stop()
        server.server.server_close()
