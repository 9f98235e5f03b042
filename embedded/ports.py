"""Loopback TCP ports: test one, find a free one, keep the same one between starts."""

import contextlib
import random
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
CONNECT_SECONDS = 1.0  # loopback answers or refuses at once, unless a backlog is full
#: Ports of our servers: below those that systems give to clients (from 32768 on Linux, see ip_local_port_range in
#: ip(7); from 49152 by RFC 6335). A connection of any program could take one of these while a server is restarted.
PORTS = range(20_000, 32_768)
_TRIES = 1000


def is_free(port: int) -> bool:
    """Tell if a server could listen on this loopback port now. Another program may take it a moment later."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Servers set it too: a connection of the last run that is still in TIME_WAIT does not count as "in use".
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def listens(port: int) -> bool:
    """Tell if a program accepts connections on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(CONNECT_SECONDS)
        return probe.connect_ex((LOOPBACK, port)) == 0


def free_port() -> int:
    """Return a free loopback port of PORTS, by chance. Raises OSError."""
    [port] = free_ports(1)
    return port


def free_ports(count: int) -> list[int]:
    """Return `count` different free ports. Two calls of `free_port` could return the same one. Raises OSError."""
    with contextlib.ExitStack() as stack:
        return [_bound(stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))) for _ in range(count)]


def _bound(probe: socket.socket) -> int:
    """Bind a socket to a free port, and return that."""
    for _ in range(_TRIES):
        port = random.choice(PORTS)  # noqa: S311 - no secret
        with contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port
    raise OSError(f"no free port of {PORTS.start} to {PORTS.stop - 1} was found")


def remembered_port(record: Path) -> int:
    """Return the port in the file `record` if it is still free, otherwise a free one, which is written to the file.

    An unreadable file is replaced: the port is a convenience, not data.
    """
    try:
        port = int(record.read_text("ascii"))
    except (FileNotFoundError, ValueError):
        port = 0
    if not (0 < port < 65536 and is_free(port)):
        port = free_port()
        record.write_text(str(port), "ascii")
    return port
