"""`bin/up`: everything, until somebody presses Ctrl-C."""

from __future__ import annotations

import http.client
import os
import socket
import time
from contextlib import suppress

from config.devstack import leftovers, programs
from config.devstack.overrides import DEFAULT_WEB_PORT, Overrides, read_overrides
from config.devstack.processes import Family, Printer
from config.devstack.refusals import Refused
from config.devstack.servers import Servers
from config.devstack.state import State

PREPARE_SECONDS = 600
HEALTH_SECONDS = 90
# The worker is started when the pages are there: what is left of the last run still waits for it.
HEALTH_PAGE = "/readyz?exclude=statistics&exclude=letters"


class Stack:
    """One run of the whole product on this machine, with its example organisation or empty."""

    def __init__(self, state: State, chosen: Overrides, printer: Printer, *, with_demo: bool) -> None:
        self.state = state
        self.chosen = chosen
        self.printer = printer
        self.with_demo = with_demo
        self.demo_password = os.environ.get("DEMO_PASSWORD") or state.secret("demo")
        self.family = Family(printer)
        self.family.on_change = self._note
        self.url = ""

    def run(self) -> None:
        """Start, serve until asked to stop, and stop. After Refused and Interrupted all is stopped, too."""
        began = time.monotonic()
        self._end_leftovers()
        try:
            self._note()
            self._start()
            self._welcome(time.monotonic() - began)
            self.family.watch()
        finally:
            self.family.stop()
            self.state.forget_run()

    def _start(self) -> None:
        # Held from now on: another stack that starts meanwhile would take it, and answer in our place.
        with self._listener() as listener:
            host, port = listener.getsockname()
            self.url = f"http://localhost:{port}"
            addresses = Servers(self.family, self.state, self.chosen).start()
            self._write_settings(addresses)
            # Beside the preparation, which needs one of two cores; until that ends it answers "not ready".
            self.family.start(programs.web(self.state, listener))
        self.printer.say("up", "preparing the database")
        self.family.run(programs.prepare(self.state, with_demo=self.with_demo), seconds=PREPARE_SECONDS)
        self.family.wait_until(lambda: answers(host, port), seconds=HEALTH_SECONDS, what=f"{self.url}{HEALTH_PAGE}")
        self.family.start(programs.worker(self.state))
        self.family.start(programs.beat(self.state))

    def _write_settings(self, addresses: dict[str, str]) -> None:
        self.state.write_env(
            programs.product_settings(self.state, debug=True)
            | {"SITE_URL": self.url, "DEMO_PASSWORD": self.demo_password}
            | addresses
        )

    def _listener(self) -> socket.socket:
        host, port = self.chosen.web_host, self.chosen.web_port
        try:
            if port is None:
                return self.state.listen("web", host, preferred=DEFAULT_WEB_PORT)
            return socket.create_server((host, port))
        except OSError as error:
            wanted = f"port {port}" if port else "a port"
            raise Refused(f"The pages cannot have {wanted} of {host}: {error.strerror}. Set WEB_PORT.") from error

    def _welcome(self, seconds: float) -> None:
        sign_in = (f"Sign in   {programs.DEMO_EMAIL}", f"Password  {self.demo_password}")
        for line in (
            f"ready after {seconds:.1f} seconds",
            "",
            f"Open      {self.url}",
            *(() if os.environ.get("EMAIL_URL") else (f"Letters   {self.url}/mailbox/",)),
            *(sign_in if self.with_demo else ["and sign up."]),
            "",
            "Ctrl-C stops everything.",
        ):
            self.printer.say("up", line)
        if self.chosen.web_host not in ("127.0.0.1", "localhost", "::1"):
            self.printer.say("up", "other machines reach the pages, too, and see the traceback of every error")

    def _note(self) -> None:
        pids = {child.name: child.process.pid for child in self.family.children}
        self.state.note_run(url=self.url, processes=leftovers.identify(pids))

    def _end_leftovers(self) -> None:
        for name in leftovers.end_leftovers(self.state.last_run().get("processes", {})):
            self.printer.say("up", f"killed {name}, which an earlier run had left")


def answers(host: str, port: int) -> bool:
    """Whether the health page says that everything it needs is there."""
    connection = http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, port, timeout=5)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", HEALTH_PAGE, headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status == http.client.OK
    return False


def up(state: State, printer: Printer, *, with_demo: bool) -> None:
    """Bring the product up and keep it up until asked to stop."""
    with state.locked():
        Stack(state, read_overrides(), printer, with_demo=with_demo).run()
