"""Kafka Connect with two Debezium JDBC sinks: the choice of a user who wants to write no code.

One sink inserts every result into the history, the other keeps the last arrival.
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.flat import MAX_ROWS, OPTIONAL, TEXTS, jdbc_url
from bench.maven import jars
from bench.system import System
from embedded.java import find_java
from embedded.ports import free_port

RUNTIME = ("org.apache.kafka:connect-runtime:4.3.0", "org.apache.kafka:connect-json:4.3.0")
LOGGING = ("org.slf4j:slf4j-simple:1.7.36",)  # not in RUNTIME, since its parent POM would change Kafka's versions
PLUGIN = ("io.debezium:debezium-connector-jdbc:3.5.0.Final",)


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
        *({"field": name, "type": "string", "optional": False} for name in (*TEXTS, "body")),
        *({"field": name, "type": "string", "optional": True} for name in OPTIONAL),
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
        "connection.url": jdbc_url(database_url),
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
