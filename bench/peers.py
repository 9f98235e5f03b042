"""The contestants that `--peers` adds: programs in which a user writes no code of their own."""

from bench import kafka_connect
from bench.contestants import CONNECT, CONNECT_INDEXED, Contestant


def contestants() -> list[Contestant]:
    """Each peer twice: its tables with their keys only, and with the indexes that our lists need."""
    return [
        Contestant(name=CONNECT, command=kafka_connect.command),
        Contestant(name=CONNECT_INDEXED, command=kafka_connect.command, indexed=True),
    ]
