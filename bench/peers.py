"""Kafka Connect with two Debezium JDBC sinks: the choice of a user who wants to write no code.

One sink inserts every result into a history, the other keeps the last arrival of each entity: less work than ours,
since nothing is deduplicated and the order is that of arrival. The jars come by their Maven coordinates.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jgo.maven

from bench.contestants import CONNECT, CONNECT_INDEXED, Contestant
from bench.events import Event
from bench.system import System
from broker.publisher import Record
from embedded.jars import default_cache
from embedded.java import find_java
from embedded.ports import free_port
from schemas.catalogue import BY_NAME
from schemas.result import Result, read
from schemas.timestamp import to_text

RUNTIME = ("org.apache.kafka:connect-runtime:4.3.0", "org.apache.kafka:connect-json:4.3.0")
LOGGING = ("org.slf4j:slf4j-simple:1.7.36",)  # not in RUNTIME, since its parent POM would change Kafka's versions
PLUGIN = ("io.debezium:debezium-connector-jdbc:3.5.0.Final",)
_FETCH_SECONDS = 30
MAX_ROWS = 5000

#: Text columns, then the others; both tables have all of them.
_TEXTS = ("account", "result_id", "log_id", "integration_type", "affiliate", "key", "status", "source", "event_id")
_OPTIONAL = ("message", "code", "fingerprint")
_COLUMNS = (
    ", ".join(f'{name} text COLLATE "C" NOT NULL' for name in _TEXTS)
    + ", "
    + ", ".join(f"{name} text" for name in _OPTIONAL)
    + ", processed_at timestamptz NOT NULL, body text NOT NULL"
)
TABLES = f"""
CREATE TABLE history ({_COLUMNS}, PRIMARY KEY (account, result_id));
CREATE TABLE latest ({_COLUMNS}, PRIMARY KEY (account, log_id));
"""
#: Indexes for lists by time, by filter and by key, and for an entity's timeline. There are none for words of messages,
#: aliases or counts.
INDEXES = """
CREATE INDEX ON latest (account, integration_type, processed_at DESC, log_id DESC);
CREATE INDEX ON latest (account, integration_type, status, affiliate, code, processed_at DESC, log_id DESC);
CREATE INDEX ON latest (account, integration_type, key, log_id);
CREATE INDEX ON history (log_id, processed_at, result_id);
"""
#: The probe for a stored result: both sinks must have it. Marks are the last results of their entities.
PROBE = """
SELECT result_id FROM unnest($1::text[], $2::text[]) AS mark (account, result_id)
JOIN history USING (account, result_id) JOIN latest USING (account, log_id, result_id)
"""


def contestants() -> list[Contestant]:
    """The contestants that `--peers` adds."""
    return [
        Contestant(name=CONNECT, arguments=(), connect=True),
        Contestant(name=CONNECT_INDEXED, arguments=(), connect=True, indexed=True),
    ]


def jars(roots: Sequence[str]) -> list[Path]:
    """Return the jars of `roots` and their dependencies, downloaded when they are not in the cache."""
    context = jgo.maven.MavenContext(repo_cache=default_cache(), timeout=_FETCH_SECONDS)
    found, others = context.resolver.resolve([context.create_dependency(each) for each in roots])
    needed = [*found, *(each for each in others if each.scope in {"compile", "runtime"})]
    return [Path(each.artifact.resolve()) for each in needed]


def flattened(events: Sequence[Event], now_ns: int) -> list[Event]:
    """Rewrite results as JSON objects with one field for each column, as connectors would have to send them here."""
    return [each._replace(record=_flat(each, now_ns)) for each in events]


def _flat(event: Event, now_ns: int) -> Record:
    key, value, headers = event.record.key, event.record.value or b"", event.record.headers
    [result] = read(BY_NAME[event.integration_type], headers, key, value, now_ns)
    if not isinstance(result, Result):
        raise TypeError(f"not a result: {result}")
    row = {name: getattr(result, name) for name in (*_TEXTS, *_OPTIONAL, "body") if name != "result_id"}
    row |= {"result_id": result.id, "processed_at": to_text(result.processed_at)}
    return Record("", key, json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode())


def command(system: System, database_url: str, topic: str, directory: Path) -> list[str]:
    """Return the command line of Kafka Connect; its settings are written into `directory`."""
    worker = _write(directory / "worker.properties", _worker(system, directory))
    sinks = [
        _write(directory / f"{table}.properties", _sink(database_url, topic, table, mode, key))
        for table, mode, key in (("history", "insert", "result_id"), ("latest", "upsert", "log_id"))
    ]
    main = "org.apache.kafka.connect.cli.ConnectStandalone"
    # Not beside the runtime's, since the sink brings other versions of the same libraries.
    plugin = directory / "plugins" / "debezium"
    plugin.mkdir(parents=True)
    for jar in jars(PLUGIN):
        if not jar.name.startswith(("connect-api-", "kafka-clients-", "jackson-")):
            (plugin / jar.name).symlink_to(jar)
    classpath = ":".join(str(jar) for jar in [*jars(RUNTIME), *jars(LOGGING)])
    options = ["-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    return [str(find_java()), *options, "-cp", classpath, main, worker, *sinks]


def _worker(system: System, directory: Path) -> dict[str, Any]:
    fields = [
        *({"field": name, "type": "string", "optional": False} for name in (*_TEXTS, "body")),
        *({"field": name, "type": "string", "optional": True} for name in _OPTIONAL),
        {"field": "processed_at", "type": "string", "optional": False, "name": "io.debezium.time.ZonedTimestamp"},
    ]
    return {
        "bootstrap.servers": system.kafka,
        "listeners": f"http://127.0.0.1:{free_port()}",
        "offset.storage.file.filename": directory / "offsets",
        "plugin.path": directory / "plugins",
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        # The schema is in the settings, once, not in every record.
        "value.converter.schemas.enable": "true",
        "value.converter.schema.content": json.dumps({"type": "struct", "fields": fields}),
        "consumer.max.poll.records": MAX_ROWS,
        "consumer.max.partition.fetch.bytes": 8 * 2**20,
    }


def _sink(database_url: str, topic: str, table: str, mode: str, key: str) -> dict[str, Any]:
    url = urlsplit(database_url)
    return {
        "name": table,
        "connector.class": "io.debezium.connector.jdbc.JdbcSinkConnector",
        "tasks.max": 1,
        "topics": topic,
        "connection.url": f"jdbc:postgresql://{url.hostname}:{url.port}{url.path}?currentSchema=conexoes",
        "connection.username": url.username,
        "connection.password": url.password,
        "insert.mode": mode,
        "primary.key.mode": "record_value",
        "primary.key.fields": f"account,{key}",
        "collection.name.format": table,
        "schema.evolution": "none",
        "batch.size": MAX_ROWS,
        "use.reduction.buffer": "true" if mode == "upsert" else "false",
        "dialect.postgres.unnest.insert.enabled": "true",
    }


def _write(path: Path, values: dict[str, Any]) -> str:
    path.write_text("".join(f"{name}={value}\n" for name, value in values.items()), "utf-8")
    return str(path)
