"""The place of one process: whoever hurts it holds its lock, and a supervisor fills it again when it ends by itself."""

import asyncio
import os
import re
import signal
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import httpx
import psutil

from embedded.ports import LOOPBACK, free_port
from tests.support.processes import start
from tests.support.waiting import eventually

_READY_SECONDS = 240.0
_PARTITION = re.compile(r'^conexoes_lag_records\{partition="(\d+)",topic="([^"]+\.results\.[^"]+)"\}', re.MULTILINE)


class Slot:
    """One process that is started again and again under the same settings."""

    def __init__(
        self, name: str, command: str, directory: Path, settings: Mapping[str, str], *, module: str = "cli"
    ) -> None:
        self.name = name
        self.lock = asyncio.Lock()
        #: Exit codes of those that ended by themselves.
        self.endings: list[int] = []
        self.peak_mib = 0.0
        self.log = directory / f"{name}.log"
        self._command = command
        self._module = module
        self._home = directory / name
        self._metrics_port = free_port()
        self._settings = {**settings, "DATA_DIR": str(self._home), "METRICS_PORT": str(self._metrics_port)}
        self._process: Process | None = None
        self._environment: Mapping[str, str] | None = None
        self._starting = asyncio.Lock()

    @property
    def ready(self) -> bool:
        """True if it has its partitions; of agents only."""
        return self.running and (self._home / "agents.ready").exists()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self, environment: Mapping[str, str] | None = None) -> None:
        """Start it, when the one before has ended; `environment` holds until the next start."""
        self._environment = environment
        self._home.mkdir(parents=True, exist_ok=True)
        (self._home / "agents.ready").unlink(missing_ok=True)
        self._process = await start(
            self._command,
            log=self.log,
            settings=self._settings,
            environment=environment,
            own_session=True,
            module=self._module,
        )

    async def end(self, number: signal.Signals = signal.SIGKILL, seconds: float = 60.0) -> None:
        """Send a signal and wait for the end; it is killed when it does not end."""
        if self._process is None:
            return
        if (code := self._process.returncode) is not None and code > 0:
            self.endings.append(code)  # it was ahead of us
        self.send(number)
        try:
            await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            self.send(signal.SIGKILL)
            await self._process.wait()

    def send(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    async def restart(self, number: signal.Signals = signal.SIGKILL) -> None:
        await self.end(number)
        await self.start()

    async def partitions(self) -> frozenset[tuple[str, int]]:
        """The partitions that it reads results of, as its metrics have them; none when they do not."""
        async with httpx.AsyncClient(base_url=f"http://{LOOPBACK}:{self._metrics_port}", timeout=10) as client:
            try:
                text = (await client.get("/metrics")).text
            except httpx.TransportError:
                return frozenset()
        return frozenset((topic, int(partition)) for partition, topic in _PARTITION.findall(text))

    async def until_ready(self) -> None:
        """Wait for its partitions; what ends by itself meanwhile is started again, as under a supervisor."""

        async def look() -> bool:
            await self._start_again()
            return self.ready

        await eventually(look, _READY_SECONDS)

    async def supervise(self) -> None:
        """Look after it once: what has ended by itself is started again, and its memory is noted."""
        if self._process is None or self.lock.locked():
            return
        if self._process.returncode is None:
            with suppress(psutil.NoSuchProcess):
                self.peak_mib = max(self.peak_mib, psutil.Process(self._process.pid).memory_info().rss / 2**20)
            return
        await self._start_again()

    async def _start_again(self) -> None:
        async with self._starting:
            if self._process is not None and self._process.returncode is not None:
                self.endings.append(self._process.returncode)
                await self.start(self._environment)
