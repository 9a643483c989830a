"""Ports that nobody else has."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress

LOOPBACK = "127.0.0.1"
# Below the range from which the kernel takes ports for outgoing connections, which would come and go.
LOWEST, HIGHEST = 20_000, 32_000
ATTEMPTS = 200


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # A port whose last connection has just closed is free for a server.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def listen(host: str, *preferred: int | None) -> socket.socket:
    """Take the first of the preferred ports that is free, else any free one, and keep it from anybody else."""
    for port in preferred:
        if port is not None:
            with suppress(OSError):
                return socket.create_server((host, port))
    return socket.create_server((host, free_port()))


def free_port(*preferred: int | None) -> int:
    """The first of the preferred ports that is free, else any free one."""
    for port in preferred:
        if port is not None and is_free(port):
            return port
    for _ in range(ATTEMPTS):
        port = LOWEST + secrets.randbelow(HIGHEST - LOWEST)
        if is_free(port):
            return port
    raise OSError(f"no free port between {LOWEST} and {HIGHEST}")
