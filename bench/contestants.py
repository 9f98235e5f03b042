"""The contestants of ingest, and how each is started."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.child import ROOT
from bench.system import System

#: The environment in which `make bench` installs what only peers need; never the product's own.
PEERS = ROOT / "bench" / ".peers"


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """A program that stores the records of one results topic."""

    name: str
    arguments: tuple[str, ...] = ()  # for Python
    share: float = 1.0  # of the records: a slow contestant is measured on fewer
    json_batches: bool = False  # reads the same results, a thousand in each record
    workers: int = 1
    #: Writes a peer's settings for the database and the topic into the directory, and returns its command line. Peers
    #: read flat results (bench/flat.py).
    command: Callable[[System, str, str, Path], list[str]] | None = None
    indexed: bool = False  # its tables have the indexes that our lists need
    environment: dict[str, str] = field(default_factory=dict)


AGENTS = ("-m", "cli", "agents")
OURS = "conexoes agents"
BOUND = "the bound for Python"
JSON_BATCHES = "conexoes agents, JSON batches"
TOGETHER = "conexoes agents, two workers"
FASTSTREAM = "FastStream, batch subscriber"
FAUST = "Faust as in its manual"
CONNECT = "Kafka Connect, two Debezium JDBC sinks"
CONNECT_INDEXED = "Kafka Connect, its tables indexed for lists"
FLINK = "Flink SQL, upsert into JDBC"
FLINK_INDEXED = "Flink SQL, its tables indexed for lists"
CONTESTANTS = (
    Contestant(name=OURS, arguments=AGENTS),
    Contestant(name=BOUND, arguments=("-m", "bench.bound")),
    Contestant(name=JSON_BATCHES, arguments=AGENTS, json_batches=True),
    Contestant(name=TOGETHER, arguments=AGENTS, workers=2),
    Contestant(
        name=FASTSTREAM,
        arguments=("-m", "bench.fast_stream"),
        environment={"PYTHONPATH": str(PEERS)},
    ),
    Contestant(
        name=FAUST,
        arguments=("-m", "bench.faust_manual", "worker", "--without-web", "-l", "error"),
        share=0.05,
    ),
)
