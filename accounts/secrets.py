"""Secrets of others that must be read again (a provider's secret, a second factor's seed): sealed at rest.

Fernet (AES-128-CBC with HMAC-SHA256). Each use has its own key, derived from the installation's, so that what was
sealed for one purpose opens for no other. To change the installation's key, put the new one first and keep the old.
"""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class NotOpened(ValueError):
    """The sealed text was made with a key that this installation no longer has, for another use, or was changed."""


def seal(text: str, *, use: str) -> bytes:
    """The text as nobody without the installation's key can read it."""
    return _box(use, tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode())


def unseal(sealed: bytes | memoryview, *, use: str) -> str:
    """The text again. Raises NotOpened."""
    try:
        return _box(use, tuple(settings.ENCRYPTION_KEYS)).decrypt(bytes(sealed)).decode()
    except InvalidToken as error:
        raise NotOpened(use) from error


@lru_cache(maxsize=32)
def _box(use: str, keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key, use))) for key in keys])


def _derived(key: str, use: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=use.encode()).derive(key.encode())
