"""What an operator cannot start by mistake: a production with weak secrets, or development in public."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import env, refusals

ROOT = Path(__file__).resolve().parents[2]
# Good enough to be taken, and the same in every process: tests are named by it.
STRONG = hashlib.sha256(b"a test").hexdigest()


def production(*arguments: str, **chosen: str) -> subprocess.CompletedProcess[str]:
    """`manage.py` as it is started on a server, with good settings but for the chosen ones."""
    environment = {
        **os.environ,
        "DEBUG": "no",
        "SECRET_KEY": STRONG,
        "SITE_URL": "https://throughline.example.com",
        "ALLOWED_HOSTS": "throughline.example.com",
        "BEHIND_PROXY": "yes",
        "EMAIL_URL": "submission://mail.example.com",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        **chosen,
    }
    return subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore::ResourceWarning", "manage.py", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_nothing_is_said_against_a_production_with_good_settings(transactional_db: None) -> None:
    checked = production("check", "--deploy", "--database", "default", "--fail-level", "DEBUG")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "no issues (0 silenced)" in checked.stdout


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": "x" * 49}, "SECRET_KEY has 49 characters instead of 50"),
        ({"SECRET_KEY_FALLBACKS": "old"}, "SECRET_KEY_FALLBACKS has 3 characters"),
        ({"ENCRYPTION_KEYS": "short"}, "ENCRYPTION_KEYS has 5 characters"),
        ({"DEBUG": "yes"}, "Set DEBUG=no"),
        ({"CACHE_URL": ""}, "CACHE_URL is not set"),
        ({"CACHE_URL": "redis://:changeme@127.0.0.1/1"}, "CACHE_URL has a password that everybody tries first"),
    ],
)
def test_a_production_that_could_be_entered_does_not_start(chosen: dict[str, str], words: str) -> None:
    # Not bin/up's own file, which would fill in what is missing.
    refused = production("check", THROUGHLINE_STATE="/nonexistent", **chosen)
    assert refused.returncode == 1
    assert words in refused.stderr
    assert not [value for value in chosen.values() if len(value) > 6 and value in refused.stderr]


@pytest.mark.parametrize(
    "key",
    [
        "a" * 64,
        "abcabcab" * 8,
        "django-insecure-" + STRONG,
        "development-" + STRONG,
        "Change-me-" + STRONG,
        STRONG[:49],
    ],
)
def test_a_weak_or_published_key_is_told_with_the_way_to_a_better_one(key: str) -> None:
    with pytest.raises(env.Misconfigured, match="token_urlsafe") as refusal:
        refusals.refuse_weak_keys(SECRET_KEY=key)
    assert key not in str(refusal.value)


def test_good_keys_are_taken() -> None:
    refusals.refuse_weak_keys(SECRET_KEY=STRONG, SECRET_KEY_FALLBACKS=[], ENCRYPTION_KEYS=[STRONG[::-1]])


def test_the_example_holds_no_secret() -> None:
    example = env.read_file(ROOT / ".env.example")
    for name, value in example.items():
        if "KEY" in name or "TOKEN" in name or "PASSWORD" in name:
            assert value == "", name
        elif name.endswith("_URL") and env.address(value).password:
            with pytest.raises(env.Misconfigured):
                refusals.refuse_known_passwords(**{name: value})


@pytest.mark.parametrize("url", ["postgresql://tl_web:tl_web@db/x", "redis://:PassWord@b/0", "amqp://guest:guest@b"])
def test_a_password_that_everybody_tries_first_is_refused(url: str) -> None:
    with pytest.raises(env.Misconfigured, match="BROKER"):
        refusals.refuse_known_passwords(BROKER=url)


@pytest.mark.parametrize("url", ["", "postgresql://tl_web@db/x", f"postgresql://tl_web:{STRONG}@db/x"])
def test_other_passwords_and_none_are_taken(url: str) -> None:
    refusals.refuse_known_passwords(DATABASE_URL=url)


@pytest.mark.parametrize("host", ["*", "throughline.example.com", ".example.com", "8.8.8.8", "[2001:4860:4860::8888]"])
def test_development_is_refused_where_strangers_come(host: str) -> None:
    with pytest.raises(env.Misconfigured, match="DEBUG"):
        refusals.refuse_debug_in_public(hosts=["localhost", host], site_url="http://localhost:8000")
    with pytest.raises(env.Misconfigured, match="DEBUG"):
        refusals.refuse_debug_in_public(hosts=[], site_url="https://localhost")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "192.168.1.7", "[fe80::1]", "laptop", "a.test"])
def test_development_is_fine_among_ourselves(host: str) -> None:
    refusals.refuse_debug_in_public(hosts=[host], site_url="http://localhost:8000")
