"""Speaking OpenID Connect with an organisation's provider: authorization code with PKCE, state and nonce.

Authlib says what is sent and what a token must hold; here is which provider it is, and that nothing else will do. The
provider is the organisation's own choice, so whatever it says is a claim of the organisation and of nobody else.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from accounts.integrations.outbound import NotReached, guard, json_of

SCOPE = "openid email profile"
# Signatures that only the provider can make: neither none, nor a secret that both know.
SIGNATURES = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
# Seconds that two clocks may differ.
LEEWAY = 60
LONGEST = 300


class NotProven(Exception):
    """The provider's answer does not prove who somebody is: `why` names what did not hold."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


@dataclass(frozen=True, kw_only=True)
class Client:
    """What the organisation has registered at its provider."""

    issuer: str
    client_id: str
    client_secret: str


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """Where a provider does what, as it tells at its well-known address."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    says_issuer: bool = False
    by_post: bool = False


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What must come back from a provider to whom a browser was sent. It never leaves the server."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    metadata: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Person:
    """Whom the provider has signed in, in its own words: nothing but `subject` is more than its opinion."""

    issuer: str
    subject: str
    email: str
    email_verified: bool | None
    name: str


def discover(issuer: str) -> Metadata:
    """What the provider tells of itself. Raises NotReached, or NotProven when it is not who it should be."""
    with guard(requests.Session()) as session:
        told = json_of(_asked(session, "GET", issuer.rstrip("/") + "/.well-known/openid-configuration"))
    if str(told.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
        raise NotProven("issuer")
    found = {name: _endpoint(told, name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
    ways = told.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Metadata(
        issuer=told["issuer"],
        userinfo_endpoint=_endpoint(told, "userinfo_endpoint") if told.get("userinfo_endpoint") else "",
        says_issuer=told.get("authorization_response_iss_parameter_supported") is True,
        by_post="client_secret_basic" not in ways and "client_secret_post" in ways,
        **found,
    )


def _endpoint(told: dict[str, Any], name: str) -> str:
    address = told.get(name)
    if not isinstance(address, str) or urlsplit(address).scheme not in ("https", "http"):
        raise NotProven(name)
    return address


def send(client: Client, metadata: Metadata, *, redirect_uri: str) -> tuple[str, Visit]:
    """The address at the provider to which a browser is sent, and what is remembered meanwhile."""
    visit = Visit(
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        redirect_uri=redirect_uri,
        metadata=asdict(metadata),
    )
    with _session(client, metadata, redirect_uri) as session:
        address, _ = session.create_authorization_url(
            metadata.authorization_endpoint, state=visit.state, code_verifier=visit.verifier, nonce=visit.nonce
        )
    return address, visit


def receive(client: Client, visit: Visit, *, code: str, iss: str) -> Person:
    """Who came back with the code. Raises NotReached or NotProven."""
    metadata = Metadata(**visit.metadata)
    if metadata.issuer.rstrip("/") != client.issuer.rstrip("/"):
        raise NotProven("issuer")
    if (iss or metadata.says_issuer) and iss != metadata.issuer:
        raise NotProven("issuer")
    with _session(client, metadata, visit.redirect_uri) as session:
        token = _exchanged(session, metadata, code=code, verifier=visit.verifier)
        keys = json_of(_asked(session, "GET", metadata.jwks_uri))
        claims = verified(token, keys=keys, issuer=metadata.issuer, client_id=client.client_id, nonce=visit.nonce)
        if not claims.get("email") and metadata.userinfo_endpoint:
            claims = _with_more(session, metadata, token, claims)
    return Person(
        issuer=metadata.issuer,
        subject=claims["sub"],
        email=claims["email"] if isinstance(claims.get("email"), str) else "",
        email_verified=_yes_or_no(claims.get("email_verified")),
        name=claims["name"] if isinstance(claims.get("name"), str) else "",
    )


def verified(token: dict[str, Any], *, keys: dict[str, Any], issuer: str, client_id: str, nonce: str) -> dict[str, Any]:
    """The claims of the token, which this provider signed, for us, for this visit, and not too long ago.

    The signature is checked although the token came straight from the provider: the specification would let it pass.
    """
    raw = token.get("id_token")
    if not isinstance(raw, str):
        raise NotProven("id_token")
    try:
        opened = jwt.decode(raw, _signing(keys), registry=JWSRegistry(algorithms=SIGNATURES, strict_check_header=False))
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise NotProven("signature") from error
    options = {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client_id}}
    params = {"nonce": nonce, "client_id": client_id, "access_token": token.get("access_token")}
    claims = CodeIDToken(opened.claims, opened.header, options, params)
    try:
        claims.validate(leeway=LEEWAY)
    except (JoseError, ValueError, TypeError) as error:
        raise NotProven(getattr(error, "claim", None) or getattr(error, "error", "") or "claims") from error
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
        raise NotProven("sub")
    return dict(claims)


def _signing(keys: dict[str, Any]) -> KeySet:
    """The provider's public keys that sign."""
    listed = keys.get("keys")
    if not isinstance(listed, list):
        raise NotReached("keys")
    signing = [
        key
        for key in listed
        if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP") and key.get("use", "sig") == "sig"
    ]
    return KeySet.import_key_set({"keys": signing})


def _exchanged(session: Any, metadata: Metadata, *, code: str, verifier: str) -> dict[str, Any]:
    try:
        found = session.fetch_token(
            metadata.token_endpoint, grant_type="authorization_code", code=code, code_verifier=verifier
        )
    except AuthlibBaseError as error:
        raise NotProven("code") from error
    except (requests.RequestException, OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise NotReached("token_endpoint") from error
    return dict(found)


def _with_more(session: Any, metadata: Metadata, token: dict[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
    """The claims, and those that the provider tells only when asked. Whose they are the token says, not they."""
    if not isinstance(token.get("access_token"), str):
        return claims
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    more = json_of(_asked(session, "GET", metadata.userinfo_endpoint, headers=headers, withhold_token=True))
    if more.get("sub") != claims["sub"]:
        raise NotProven("userinfo")
    return {**{name: more[name] for name in ("email", "email_verified", "name") if name in more}, **claims}


def _session(client: Client, metadata: Metadata, redirect_uri: str) -> Any:
    return guard(
        OAuth2Session(
            client_id=client.client_id,
            client_secret=client.client_secret,
            token_endpoint_auth_method="client_secret_post" if metadata.by_post else "client_secret_basic",
            scope=SCOPE,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )
    )


def _asked(session: requests.Session, method: str, address: str, **options: Any) -> requests.Response:
    if isinstance(session, OAuth2Session):
        options["withhold_token"] = True
    try:
        return session.request(method, address, **options)
    except (requests.RequestException, OSError, ValueError) as error:
        raise NotReached("no_answer") from error


def _yes_or_no(claim: object) -> bool | None:
    """Some providers write "true"."""
    return {"true": True, "false": False}.get(str(claim).lower())
