"""A real web server on a test's database, and a real pooler between the two."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config import env
from config.devstack.identity import server_identity
from tests.databases import url_of
from tests.processes import answers, free_port, running

WEB_WORKERS, WEB_THREADS = 2, 2


@contextmanager
def serving(database_url: str, folder: Path, **chosen: str) -> Iterator[int]:
    """The product by gunicorn, with as many connections as it has threads; its port. `chosen` are settings."""
    port = free_port()
    arguments = [
        *(sys.executable, "-m", "gunicorn", "config.wsgi", "--config", "python:config.gunicorn"),
        *("--bind", f"127.0.0.1:{port}", "--workers", str(WEB_WORKERS), "--threads", str(WEB_THREADS)),
        *("--timeout", "120", "--log-level", "warning"),
    ]
    environment = {
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PYTHONPATH": os.getcwd(),
        "LOG_LEVEL": "ERROR",
        **chosen,
    }
    with running(arguments, log=folder / "web.log", environment=environment, ready=lambda: answers(port)):
        yield port


@contextmanager
def pooled(database: str, folder: Path, *, size: int) -> Iterator[str]:
    """The database's address behind pgbouncer in transaction mode with so many connections; skips without it."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed (Debian: apt-get install pgbouncer)")
    login, port = env.address(url_of(database)), free_port()
    users, settings = folder / "users.txt", folder / "pgbouncer.ini"
    users.write_text(f'"{login.user}" "{login.password}"\n')
    settings.write_text(
        f"""
        [databases]
        {database} = host={login.host} port={login.port}
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = {port}
        unix_socket_dir =
        auth_type = scram-sha-256
        auth_file = {users}
        pool_mode = transaction
        default_pool_size = {size}
        max_client_conn = 400
        """.replace("\n        ", "\n")
    )
    identity = server_identity()
    for file in (folder, users, settings):
        identity.own(file)
    with running(
        [program, str(settings)],
        log=folder / "pgbouncer.log",
        environment={},
        ready=lambda: answers(port),
        run_as=identity.run_as,
    ):
        yield url_of(database).replace(f":{login.port}/", f":{port}/")
