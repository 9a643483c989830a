"""A real web server on a test's database, a real pooler between the two, and a database server that may be killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from config import env
from config.devstack import prepared
from config.devstack.identity import server_identity
from config.devstack.postgres import Postgres
from config.devstack.state import State
from tests.databases import has_superuser, url_of
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


class DatabaseServer:
    """A PostgreSQL of one test's own, with the tables and logins of every other test's."""

    def __init__(self, folder: Path) -> None:
        state = State(folder)
        if not has_superuser() or not prepared.take(state):
            pytest.skip("needs an embedded PostgreSQL whose tables are made already")
        self.port = free_port()
        self.name = str(env.address(os.environ["DATABASE_URL"]).name)
        self._server = Postgres(folder, password=state.secret("postgres"), throw_away=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._running = ExitStack()

    @property
    def url(self) -> str:
        """The web role's address of the database."""
        login = env.address(os.environ["DATABASE_URL"])
        return url_of(self.name).replace(f":{login.port}/", f":{self.port}/")

    def __enter__(self) -> DatabaseServer:
        server = self._server
        server.make(None)  # type: ignore[arg-type]  (the data are there: only their owner may have to change)
        program = server.program(self.port)
        self._process = self._running.enter_context(
            running(
                # What is committed is to be there again, unlike with the other tests' server.
                [*program.arguments, "-c", "synchronous_commit=on"],
                log=server.log,
                environment={},
                ready=lambda: server.answers(self.port, self._pid()),
                run_as=program.run_as,
            )
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def restart_at_once(self) -> None:
        """As `pg_ctl restart -m immediate`: no session ends by itself, and what was committed is found in the log."""
        assert self._process is not None
        os.kill(self._pid(), signal.SIGQUIT)
        self._process.wait(30)
        self._running.close()
        self.__enter__()

    def _pid(self) -> int:
        try:
            return int((self._server.data / "postmaster.pid").read_text().split()[0])
        except (FileNotFoundError, IndexError):
            return 0
