"""Loopback TCP ports: is one free, does somebody listen, find one, keep the same one between starts."""

import contextlib
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
CONNECT_SECONDS = 1.0  # loopback answers or refuses at once, unless a backlog is full


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now. Somebody else may still take it a moment later."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a connection of the last run that is still in TIME_WAIT doesn't count as "in use".
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def listens(port: int) -> bool:
    """Whether somebody accepts connections on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(CONNECT_SECONDS)
        return probe.connect_ex((LOOPBACK, port)) == 0


def free_port() -> int:
    """A loopback port that nobody listens on now, chosen by the system."""
    [port] = free_ports(1)
    return port


def free_ports(count: int) -> list[int]:
    """So many of them, no two the same: asked for one after the other, the system may name one twice."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) for _ in range(count)]
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return [probe.getsockname()[1] for probe in probes]


def remembered_port(record: Path) -> int:
    """The port recorded in `record` if it is still free, otherwise a free one, which is recorded.

    An unreadable record is replaced: the port is a convenience, not data.
    """
    try:
        port = int(record.read_text("ascii"))
    except (FileNotFoundError, ValueError):
        port = 0
    if not (0 < port < 65536 and is_free(port)):
        port = free_port()
        record.write_text(str(port), "ascii")
    return port
