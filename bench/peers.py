"""The contestants that `--peers` adds: programs in which a user writes no code of their own."""

from bench import flink_sql, kafka_connect
from bench.contestants import CONNECT, CONNECT_INDEXED, FLINK, FLINK_INDEXED, Contestant


def contestants() -> list[Contestant]:
    """Each peer twice: its tables with their keys only, and with the indexes that our lists need."""
    return [
        Contestant(name=CONNECT, command=kafka_connect.command),
        Contestant(name=CONNECT_INDEXED, command=kafka_connect.command, indexed=True),
        Contestant(name=FLINK, command=flink_sql.command),
        Contestant(name=FLINK_INDEXED, command=flink_sql.command, indexed=True),
    ]
