"""Flink SQL, from Kafka into two tables by JDBC, in the SQL client with a Flink of its own: no code either.

The history gets plain inserts, and the other table upserts by its primary key. The settings are those of a user who
looks for speed: checkpoints that flush, large batches as statements of many rows, objects used again.
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from bench.flat import MAX_ROWS, OPTIONAL, TEXTS, jdbc_url
from bench.maven import jars
from bench.system import System
from embedded.java import find_java

#: The JDBC connector has no newer release than for Flink 2.0. Each group is resolved by its own POMs.
FLINK = tuple(
    f"org.apache.flink:{name}:2.0.0"
    for name in (
        "flink-sql-client",
        "flink-sql-gateway",
        "flink-python",  # the client does not start without it
        "flink-clients",
        "flink-table-runtime",
        "flink-table-planner-loader",
        "flink-json",
        "flink-connector-base",
    )
)
CONNECTORS = (
    "org.apache.flink:flink-connector-kafka:4.0.1-2.0",
    "org.apache.flink:flink-connector-jdbc-postgres:4.0.0-2.0",
    "org.postgresql:postgresql:42.7.7",
)
LOGGING = ("org.slf4j:slf4j-simple:1.7.36",)

SUBTASKS = 2  # each with its own partitions and connections: one a core of the measured machine
CHECKPOINT_SECONDS = 5
FLUSH_SECONDS = 1

#: Packages that Flink's own start script opens to it.
_OPENED = ("lang", "net", "io", "nio", "lang.reflect", "text", "time", "util", "util.concurrent")


def command(system: System, database_url: str, topic: str, directory: Path) -> list[str]:
    """Return the command line of Flink's SQL client; its settings and its script are written into `directory`."""
    settings = "".join(f"{name}: {value}\n" for name, value in configuration(directory).items())
    (directory / "config.yaml").write_text(settings, "utf-8")
    statements = directory / "script.sql"
    statements.write_text(script(system.kafka, database_url, topic), "utf-8")
    classpath = dict.fromkeys(str(jar) for roots in (FLINK, CONNECTORS, LOGGING) for jar in jars(roots))
    options = [
        "-Xmx1g",
        f"-Djava.io.tmpdir={directory}",  # where it unpacks some of its jars, and leaves them
        "-Duser.timezone=UTC",  # JDBC writes timestamps without a zone in this one
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        *(f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in _OPENED),
    ]
    main = "org.apache.flink.table.client.SqlClient"
    java = [str(find_java()), *options, "-cp", ":".join(classpath), main, "-f", str(statements)]
    return ["env", f"FLINK_CONF_DIR={directory}", *java]


def configuration(directory: Path) -> dict[str, object]:
    """Return what `config.yaml` has. Checkpoints go into `directory`."""
    return {
        # A Flink inside the client, which goes on while the statements run, and fails with them.
        "execution.target": "local",
        "execution.attached": "true",
        "table.dml-sync": "true",
        "restart-strategy.type": "disable",
        "parallelism.default": SUBTASKS,
        "execution.checkpointing.interval": f"{CHECKPOINT_SECONDS} s",
        "execution.checkpointing.storage": "filesystem",
        "execution.checkpointing.dir": (directory / "checkpoints").as_uri(),
        "pipeline.object-reuse": "true",
        "table.local-time-zone": "UTC",
    }


def script(kafka: str, database_url: str, topic: str) -> str:
    """Return the statements: one source, and both tables written by one job that reads it once."""
    source = {
        "connector": "kafka",
        "topic": topic,
        "properties.bootstrap.servers": kafka,
        "properties.group.id": f"{topic}-flink",
        "properties.max.poll.records": str(MAX_ROWS),
        "properties.max.partition.fetch.bytes": str(8 * 2**20),
        "scan.startup.mode": "earliest-offset",
        "format": "json",
        "json.timestamp-format.standard": "ISO-8601",
    }
    url = urlsplit(database_url)
    sink = {
        "connector": "jdbc",
        "url": f"{jdbc_url(database_url)}&reWriteBatchedInserts=true",
        "username": url.username or "",
        "password": url.password or "",
        "sink.buffer-flush.max-rows": str(MAX_ROWS),
        "sink.buffer-flush.interval": f"{FLUSH_SECONDS} s",
    }
    names = ", ".join(f"`{name}`" for name in (*TEXTS, *OPTIONAL))
    texts = ", ".join(f"`{name}` STRING" for name in (*TEXTS, *OPTIONAL))
    # The JDBC connector knows no timestamps with a zone.
    row = f"SELECT {names}, CAST(`processed_at` AS TIMESTAMP(6)), `body` FROM results"
    columns = f"{texts}, `processed_at` TIMESTAMP(6), `body` STRING"
    return f"""
CREATE TABLE results ({texts}, `processed_at` TIMESTAMP_LTZ(6), `body` STRING) {_with(source)};
CREATE TABLE history ({columns}) {_with(sink | {"table-name": "history"})};
CREATE TABLE latest ({columns}, PRIMARY KEY (`account`, `log_id`) NOT ENFORCED)
{_with(sink | {"table-name": "latest"})};
EXECUTE STATEMENT SET BEGIN
INSERT INTO history {row};
INSERT INTO latest {row};
END;
"""


def _with(options: Mapping[str, str]) -> str:
    return f"WITH ({', '.join(f'{_quoted(name)} = {_quoted(value)}' for name, value in options.items())})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
