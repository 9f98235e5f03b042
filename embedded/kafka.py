"""One Apache Kafka broker (KRaft, no ZooKeeper) as a child process. Its data stay between starts."""

import asyncio
import signal
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from embedded.errors import EmbeddedError, ended_at_start, ended_running, not_ready
from embedded.jars import kafka_classpath, kafka_version, locked_jars
from embedded.java import find_java
from embedded.kafka_directory import KafkaDirectory
from embedded.leftovers import stop_leftovers
from embedded.ports import LOOPBACK, is_free, listens
from embedded.process import Command, stop
from embedded.server_log import start_log

JVM_OPTIONS = (
    "-Xmx512m",
    "-XX:+UseSerialGC",  # least memory and threads; pauses of a small heap are short
    "-XX:+ExitOnOutOfMemoryError",  # a broker without memory answers late and wrongly; ending is clearer
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)
FORMAT_OPTIONS = ("-XX:TieredStopAtLevel=1",)  # a second of work is not worth optimising; halves its time
START_SECONDS = 300.0  # typically 2 to 3; a busy machine, or a slow disk with much to recover, takes minutes
REQUEST_SECONDS = 5.0
STOP_SECONDS = 20.0  # typically 1
POLL_SECONDS = 0.05


class EmbeddedKafka:
    """A broker on 127.0.0.1:`port` with its data in `data_dir`/kafka and its log in `data_dir`/logs/kafka.log.

    The caller holds the lock of `data_dir` (EmbeddedSystem does): a broker found running there is taken for a leftover.
    Not promised: authentication (any program on this machine may connect), or survival of a power cut (Kafka leaves
    flushing to the system; one replica has no other to recover from). A killed process loses nothing.
    """

    def __init__(self, data_dir: Path, port: int) -> None:
        self._home = data_dir.resolve() / "kafka"
        self._log = data_dir.resolve() / "logs" / "kafka.log"
        self._port = port
        self._process: asyncio.subprocess.Process | None = None

    @property
    def bootstrap_servers(self) -> str:
        """The address for clients, after `start` has returned."""
        return f"{LOOPBACK}:{self._port}"

    @property
    def pid(self) -> int | None:
        """The broker's process while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> str:
        """Start the broker and return its bootstrap servers once it has answered a metadata request.

        Raises EmbeddedError: no Java, no jars, port in use, data broken or of a newer Kafka, no answer in time, or
        exit. No process is left behind unless this returns, not even after a cancellation.
        """
        try:
            command = await self._prepare()
        except OSError as error:
            raise EmbeddedError(f"The data directory {self._home} can't be used: {error}.") from error
        try:
            self._process = await command.spawn(dies_with_us_by=signal.SIGTERM)
            await self._until_ready(self._process)
        except BaseException:
            await self.stop()
            raise
        return self.bootstrap_servers

    async def stop(self) -> None:
        """Let the broker write its state and end; killed if it takes more than 20 seconds. Safe to repeat."""
        if self._process is not None:
            await stop(self._process, (signal.SIGTERM, STOP_SECONDS))

    async def ended(self) -> EmbeddedError:
        """Wait until the broker ends, and return a sentence about it.

        Call it only after `start`; a `stop` ends the wait too.
        """
        if self._process is None:
            raise RuntimeError("not started")
        code = await self._process.wait()
        return ended_running("The embedded Kafka", code, self._log)

    async def _prepare(self) -> Command:
        """Do all that comes before the start, quick refusals first. Returns the command to start."""
        java = find_java()
        start_log(self._log)
        directory = KafkaDirectory(self._home, self._log, self._port)
        directory.claim(kafka_version(locked_jars()))
        await stop_leftovers("java", self._home, signal.SIGTERM, seconds=STOP_SECONDS)
        if not is_free(self._port):
            raise EmbeddedError(
                f"Port {self._port} on {LOOPBACK}, where the embedded Kafka listens, is used by another program: "
                "stop that one, or set CONEXOES_KAFKA_PORT to another port."
            )
        classpath = await asyncio.to_thread(kafka_classpath)
        argv = [str(java), *JVM_OPTIONS, "-cp", ":".join(map(str, classpath))]
        await directory.format([*argv, *FORMAT_OPTIONS])
        argv += ["kafka.Kafka", str(directory.configure())]
        return Command(argv=argv, directory=self._home, log=self._log)

    async def _until_ready(self, process: asyncio.subprocess.Process) -> None:
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while not await answers(self._port):
            if process.returncode is not None:
                raise ended_at_start("The embedded Kafka", self._log)
            if asyncio.get_running_loop().time() > deadline:
                raise not_ready("The embedded Kafka", START_SECONDS, self._log)
            await asyncio.sleep(POLL_SECONDS)


async def answers(port: int) -> bool:
    """Tell if a broker on this loopback port is registered in the cluster's metadata, and so can serve."""
    if not listens(port):  # spares aiokafka's error log while the broker is still loading
        return False
    admin = AIOKafkaAdminClient(bootstrap_servers=f"{LOOPBACK}:{port}", request_timeout_ms=int(REQUEST_SECONDS * 1000))
    try:
        async with asyncio.timeout(REQUEST_SECONDS):
            await admin.start()
            cluster = await admin.describe_cluster()
    except (KafkaError, OSError, TimeoutError):
        return False
    finally:
        await admin.close()
    return bool(cluster["brokers"])
