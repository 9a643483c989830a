"""Database and broker: started, or taken from the environment."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import quote

from accounts.tenancy import roles
from config.devstack.broker import CACHE, Broker
from config.devstack.overrides import Overrides
from config.devstack.ports import LOOPBACK, is_free
from config.devstack.postgres import Postgres
from config.devstack.processes import Family, Program
from config.devstack.refusals import Refused
from config.devstack.state import State

# A large database that was killed replays its log first.
START_SECONDS = 120
START_ATTEMPTS = 3


class Servers:
    """The embedded servers of one stack. `throw_away` keeps nothing of what they are told."""

    def __init__(self, family: Family, state: State, chosen: Overrides, *, throw_away: bool = False) -> None:
        self._family = family
        self._state = state
        self._chosen = chosen
        self._throw_away = throw_away

    def start(self) -> dict[str, str]:
        """Start what was not chosen otherwise; gives the addresses as settings of the product."""
        if self._chosen.database_url:
            addresses = {
                "DATABASE_URL": self._chosen.database_url,
                "DATABASE_MIGRATE_URL": self._chosen.database_migrate_url,
            }
        else:
            addresses = self._start_postgres()
        if self._chosen.broker_url:
            return addresses | {"CELERY_BROKER_URL": self._chosen.broker_url}
        return addresses | self._start_broker()

    def _start_postgres(self) -> dict[str, str]:
        password = self._state.secret("postgres")
        server = Postgres(self._state.folder, password=password, throw_away=self._throw_away)
        server.make(self._family)
        port = self._start("postgres", server.program, server.answers)
        passwords = {role: self._state.secret(role) for role in roles.LOGINS}
        roles.bootstrap(server.admin_url(port), passwords=passwords, for_development=True)

        def login(role: str) -> str:
            return f"postgresql://{role}:{quote(passwords[role], safe='')}@{LOOPBACK}:{port}/{roles.DATABASE}"

        return {"DATABASE_URL": login(roles.WEB), "DATABASE_MIGRATE_URL": login(roles.MIGRATE)}

    def _start_broker(self) -> dict[str, str]:
        server = Broker(self._state.folder, password=self._state.secret("broker"), throw_away=self._throw_away)
        port = self._start("broker", server.program, server.answers)
        return {"CELERY_BROKER_URL": server.url(port), "CACHE_URL": server.url(port, CACHE)}

    def _start(self, name: str, program: Callable[[int], Program], answers: Callable[[int, int], bool]) -> int:
        for attempt in range(1, START_ATTEMPTS + 1):
            port = self._state.port(name)
            child = self._family.start(program(port))
            ready = partial(answers, port, child.process.pid)
            try:
                self._family.wait_until(ready, seconds=START_SECONDS, what=f"{name} to answer")
            except Refused:
                # Between choosing a port and listening on it somebody else may have taken it.
                if attempt == START_ATTEMPTS or child.exit_code is None or is_free(port):
                    raise
                self._family.forget(child)
            else:
                return port
        raise AssertionError("the last attempt returns or raises")
