"""Kafka Connect with Debezium's connector for PostgreSQL, as the documents run it.

`python -m tests.support.connect` resolves the roots again and rewrites both locks.
"""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from embedded.jars import kafka_classpath, write_lock
from embedded.java import find_java
from embedded.ports import free_port
from embedded.process import Command, stop

RUNTIME_LOCK = Path(__file__).with_name("connect.lock.txt")
PLUGIN_LOCK = Path(__file__).with_name("debezium.lock.txt")
#: The version that the connector is made for: it uses classes of Kafka that 4.4.0 has elsewhere.
RUNTIME = tuple(f"org.apache.kafka:{each}:4.3.0" for each in ("connect-runtime", "connect-json", "connect-transforms"))
LOGGING = "org.slf4j:slf4j-simple:1.7.36"
PLUGIN = ("io.debezium:debezium-connector-postgres:3.6.1.Final",)
#: Jars that a plugin gets from Connect.
_OF_CONNECT = ("connect-api-", "kafka-clients-", "slf4j-", "zstd-", "lz4-", "snappy-")


@asynccontextmanager
async def connecting(servers: str, connector: Path, directory: Path) -> AsyncIterator[Path]:
    """Run one connector until the block ends. Gives the log. Blocks while it looks at its jars."""
    plugin = directory / "plugins" / "debezium"
    plugin.mkdir(parents=True, exist_ok=True)
    for jar in kafka_classpath(PLUGIN_LOCK):
        if not jar.name.startswith(_OF_CONNECT) and not (plugin / jar.name).exists():
            (plugin / jar.name).symlink_to(jar)
    worker = directory / "worker.properties"
    settings = {
        "bootstrap.servers": servers,
        "listeners": f"http://127.0.0.1:{free_port()}",
        "offset.storage.file.filename": directory / "offsets",
        "offset.flush.interval.ms": 1000,
        "plugin.path": plugin.parent,
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
    }
    worker.write_text("".join(f"{name}={value}\n" for name, value in settings.items()), "utf-8")
    classpath = os.pathsep.join(str(jar) for jar in kafka_classpath(RUNTIME_LOCK))
    options = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    main = "org.apache.kafka.connect.cli.ConnectStandalone"
    log = directory / "connect.log"
    argv = [str(find_java()), *options, "-cp", classpath, main, str(worker), str(connector)]
    process = await Command(argv=argv, directory=directory, log=log).spawn(dies_with_us_by=signal.SIGKILL)
    try:
        yield log
    finally:
        await stop(process, (signal.SIGTERM, 20.0), (signal.SIGKILL, 5.0))


if __name__ == "__main__":
    write_lock(RUNTIME_LOCK, roots=(*RUNTIME, LOGGING))
    write_lock(PLUGIN_LOCK, roots=PLUGIN)
