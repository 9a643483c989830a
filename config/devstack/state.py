"""The state folder: one stack's lock, secrets, ports and data."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config.devstack.ports import free_port, listen
from config.devstack.refusals import Refused

PRIVATE = 0o600


class State:
    """What one stack remembers between its runs, all inside one folder that only its user can read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.env_file = self.folder / "env"
        self._memory_file = self.folder / "memory.json"
        self._run_file = self.folder / "run.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for this process. Raises Refused when another process or user has it."""
        self._make_folder()
        with (self.folder / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Refused(self._who_runs()) from None
            yield

    def is_running(self) -> bool:
        """Whether some process holds the folder."""
        try:
            with (self.folder / "lock").open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def secret(self, name: str) -> str:
        """A random password, made when it is first asked for."""
        memory = self._read(self._memory_file)
        known = memory.setdefault("secrets", {})
        if name not in known:
            known[name] = secrets.token_urlsafe(24)
            self._write(self._memory_file, json.dumps(memory, indent=1))
        return str(known[name])

    def know_secrets_of(self, other: State) -> None:
        """Know the passwords of another state, whose data are copied here. Its ports are not."""
        self._write(self._memory_file, json.dumps({"secrets": self._read(other._memory_file).get("secrets", {})}))

    def port(self, name: str) -> int:
        """A port that is free for the moment, the one of the last run if possible."""
        port = free_port(self._ports().get(name))
        self._remember_port(name, port)
        return port

    def listen(self, name: str, host: str, *, preferred: int) -> socket.socket:
        """A listening socket: at the port of the last run, else at the preferred one, else at any."""
        listener = listen(host, self._ports().get(name), preferred)
        self._remember_port(name, listener.getsockname()[1])
        return listener

    def write_env(self, values: Mapping[str, str]) -> None:
        """Write what the product's processes and a second terminal read."""
        lines = [f"{name}={value}" for name, value in sorted(values.items())]
        self._write(self.env_file, "\n".join(["# Written by bin/up at each start.", *lines, ""]))

    def note_run(self, *, url: str, processes: Mapping[str, Any]) -> None:
        """Write down who runs, for a second start that is refused and for the next one after a crash."""
        self._write(self._run_file, json.dumps({"pid": os.getpid(), "url": url, "processes": dict(processes)}))

    def last_run(self) -> dict[str, Any]:
        """What the last run noted; empty when it ended as it should."""
        return self._read(self._run_file)

    def forget_run(self) -> None:
        self._run_file.unlink(missing_ok=True)

    def _ports(self) -> dict[str, int]:
        return dict(self._read(self._memory_file).get("ports", {}))

    def _remember_port(self, name: str, port: int) -> None:
        memory = self._read(self._memory_file)
        memory.setdefault("ports", {})[name] = port
        self._write(self._memory_file, json.dumps(memory, indent=1))

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, path: Path, content: str) -> None:
        # Written beside and moved, so that a kill in between leaves the old file whole.
        draft = path.with_name(f"{path.name}.new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), PRIVATE)
            file.write(content)
        draft.replace(path)

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            owner = self.folder.stat().st_uid
        except PermissionError as error:
            raise Refused(f"{self.folder} cannot be used: {error.strerror}.") from error
        if owner != os.geteuid():
            raise Refused(
                f"{self.folder} belongs to the user with id {owner}. Start the stack as that user, or choose "
                "another folder with THROUGHLINE_STATE."
            )

    def _who_runs(self) -> str:
        run = self.last_run()
        if not run:
            return f"Another process is using {self.folder}. Wait for it to end, or stop it."
        return (
            f"Already running as process {run['pid']} at {run['url'] or 'no address yet'}. Stop it with "
            f"Ctrl-C in its terminal, or with: kill {run['pid']}"
        )
