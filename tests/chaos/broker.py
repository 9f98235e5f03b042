"""A Kafka that each machine reaches by a way of its own, which can be taken away; it can be frozen and made anew."""

import asyncio
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

from embedded.jars import kafka_classpath
from embedded.java import find_java
from embedded.kafka import FORMAT_OPTIONS, JVM_OPTIONS, answers
from embedded.kafka_config import server_properties
from embedded.kafka_directory import format_arguments
from embedded.ports import LOOPBACK, free_ports
from embedded.process import Command, stop
from tests.support.waiting import eventually

_FORMAT_SECONDS = 60.0
_START_SECONDS = 120.0
_STOP_SECONDS = 20.0


class Broker:
    """One broker with a listener for ourselves, and for each machine one that clients are told to reach elsewhere."""

    def __init__(self, directory: Path, machines: int) -> None:
        self._directory = directory
        self._port, self._controller, *self.ports = free_ports(machines + 2)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def servers(self) -> str:
        """The address for the load, which no fault of the network reaches."""
        return f"{LOOPBACK}:{self._port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self, advertised: Sequence[int]) -> None:
        """Start it; `advertised` are the ports that clients of each machine's listener are told."""
        self._directory.mkdir(parents=True, exist_ok=True)
        properties, data = self._directory / "server.properties", self._directory / "data"
        properties.write_text(self._properties(data, advertised), "utf-8")
        java = [str(find_java()), *JVM_OPTIONS, "-cp", ":".join(map(str, kafka_classpath()))]
        log = self._directory / "kafka.log"
        if not data.exists():
            argv = [*java, *FORMAT_OPTIONS, *format_arguments(properties)]
            command = Command(argv=argv, directory=self._directory, log=log)
            assert await command.run(seconds=_FORMAT_SECONDS) == 0, log.read_text("utf-8")
        command = Command(argv=[*java, "kafka.Kafka", str(properties)], directory=self._directory, log=log)
        self._process = await command.spawn(dies_with_us_by=signal.SIGKILL)
        await eventually(self._serves, _START_SECONDS)

    async def kill(self) -> None:
        """Kill it, and wait until it is gone."""
        await self._end((signal.SIGKILL, _STOP_SECONDS))

    async def stop(self) -> None:
        await self._end((signal.SIGCONT, 0.0), (signal.SIGTERM, _STOP_SECONDS))

    async def _end(self, *steps: tuple[signal.Signals, float]) -> None:
        if self._process is not None:
            await stop(self._process, *steps)

    def forget(self) -> None:
        """Lose the disk: the next start makes a new cluster, whose topics have other ids."""
        shutil.rmtree(self._directory / "data")

    async def _serves(self) -> bool:
        assert self._process is not None
        assert self._process.returncode is None, f"it ended; its log is {self._directory / 'kafka.log'}"
        return await answers(self._port)

    def _properties(self, data: Path, advertised: Sequence[int]) -> str:
        """The embedded broker's properties, then ours: of two lines with one name the last one counts."""
        names = [f"MACHINE{number}" for number in range(len(self.ports))]
        inside = {"BROKER": self._port, **dict(zip(names, self.ports, strict=True)), "CONTROLLER": self._controller}
        outside = {"BROKER": self._port, **dict(zip(names, advertised, strict=True))}
        values = {
            "listeners": ",".join(f"{name}://{LOOPBACK}:{port}" for name, port in inside.items()),
            "advertised.listeners": ",".join(f"{name}://{LOOPBACK}:{port}" for name, port in outside.items()),
            "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in inside),
        }
        base = server_properties(log_dir=data, port=self._port, controller_port=self._controller)
        return base + "".join(f"{name}={value}\n" for name, value in values.items())
