"""A database with its tables made once, and copied by each throw-away run that would make the same ones.

Making them takes longer than most of the runs do. It is kept in the clone's own state folder, with the passwords its
roles were given; a run that can neither find nor keep one makes its tables itself.
"""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections.abc import Callable

import psycopg

from config import env
from config.devstack.postgres import server_binaries, server_version
from config.devstack.state import State

FOLDER = env.ROOT / ".devstack" / "prepared"
# Everything that the tables, roles and walls of a new database are made from.
MADE_FROM = ("*/migrations/*.py", "*/tenancy/*.py", "config/devstack/*.py", "config/settings.py", "requirements*.lock")


def digest() -> str:
    """A name for what a new database would be like."""
    told = hashlib.sha256(f"PostgreSQL {server_version(server_binaries())}".encode())
    for path in sorted(path for pattern in MADE_FROM for path in env.ROOT.glob(pattern)):
        told.update(f"\n{path.relative_to(env.ROOT)}\n".encode() + path.read_bytes())
    return told.hexdigest()[:24]


def take(state: State) -> bool:
    """Put a copy of the kept database into a new state folder; whether there was one."""
    kept = FOLDER / digest()
    if not kept.is_dir():
        return False
    try:
        shutil.copytree(kept / "postgres", state.folder / "postgres", symlinks=True)
    except OSError:
        shutil.rmtree(state.folder / "postgres", ignore_errors=True)
        return False  # another run, of other migrations, has just forgotten it
    state.know_secrets_of(State(kept))
    return True


def keep(state: State, *, address: str, stop: Callable[[], None]) -> None:
    """Keep a copy of a state's database, which is stopped for it, and forget those made from something else."""
    with psycopg.connect(address, autocommit=True) as connection:
        # What is thrown away is ended without a farewell: all must stand in the files before.
        connection.execute("CHECKPOINT")
    stop()
    draft = FOLDER / f"new-{uuid.uuid4().hex}"
    try:
        draft.mkdir(mode=0o700, parents=True)
        shutil.copytree(state.folder / "postgres", draft / "postgres", symlinks=True)
        State(draft).know_secrets_of(state)
        kept = FOLDER / digest()
        for other in FOLDER.glob("[0-9a-f]*"):
            if other != kept:
                shutil.rmtree(other, ignore_errors=True)
        if not kept.exists():
            draft.rename(kept)
    except OSError:
        return  # a folder that cannot be written, or another run that was first: the tables are made again
    finally:
        shutil.rmtree(draft, ignore_errors=True)
