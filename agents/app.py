"""The composition root of the agents: it gives each topic its reader."""

import asyncio
import itertools
from collections.abc import AsyncIterable, Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any, cast

import faust
from faust.app.base import BootStrategy
from faust.types.auth import CredentialsT

from agents.kafka import expansion
from agents.kafka.consumer import BatchConsumer
from agents.kafka.dead_letters import DeadLetters
from agents.kafka.delivery import Delivery
from agents.kafka.lag import Lag
from agents.kafka.letter_topic import LetterTopic
from agents.kafka.record_batch import RecordBatch
from agents.kafka.transport import BatchTransport, PassThrough
from agents.process import crash
from agents.process.crash import guarded
from agents.reprocess.commands import Commands
from agents.results.ingest import Ingest
from agents.results.source_counts import SourceCounts
from broker.metadata import METADATA_SECONDS
from broker.security import Security
from schemas.catalogue import CATALOGUE
from schemas.policy import Policy
from schemas.redaction import Redaction
from schemas.sources import Allowed, Sources
from schemas.topics import Topics
from storage.clock import ServerClock
from storage.database import Database
from storage.sent_aliases import SentAliases

#: A killed worker that comes back within this keeps its partitions without a rebalance (static membership).
SESSION_SECONDS = 30.0
COMMIT_SECONDS = 1.0
#: No limit: while PostgreSQL is away nothing is fetched, for as long as it takes. The watchdog detects real stalls.
MAX_POLL_SECONDS = 7 * 24 * 3600.0


class WithoutProducer(BootStrategy):
    """The parts of Faust that are started: no producer, since nothing is sent through Faust."""

    enable_kafka_producer = False


class AgentsApp(faust.App):
    """A Faust app whose consumer is a BatchConsumer, and whose crash is the end of the process."""

    BootStrategy = WithoutProducer

    stopping: asyncio.Event
    lag: Lag
    database: Database  # where partitions that are stored say how far

    def _new_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker_consumer, self)

    def _crash(self, reason: BaseException) -> None:
        """End the process.

        Any part of Faust calls this when it crashes; a worker without that part would do nothing.
        """
        if not self.stopping.is_set():
            crash.die("faust", reason)
        super()._crash(reason)

    def done(self, batch: RecordBatch) -> None:
        """Let the watermark move past `batch`."""
        if self.batches.done(batch):
            self.lag.stored(batch)

    def begin_again(self) -> None:
        """Read again what the database has lost."""
        self.batches.begin_again()

    async def compare(self) -> None:
        """Read again what the database has lost, and topics that were made anew. Raises StorageUnavailable."""
        await self.batches.compare()

    def current(self, batch: RecordBatch) -> bool:
        """Tell if `batch` belongs to the current assignment. One that does not will be delivered again."""
        return self.batches.current(batch)

    @property
    def joined(self) -> bool:
        """Tell whether the group has told this process its partitions, none included."""
        return self.consumer_generation_id > 0 and not self.rebalancing

    def membership_error(self) -> BaseException | None:
        """Return what ended this process's membership in the group; Faust would not notice.

        A right on the group that is missing or was taken away, for one.
        """
        consumer = self.batches._thread._consumer
        coordinator = consumer._coordinator if consumer is not None else None
        if coordinator is None:
            return None
        # Read only: the thread of the consumer is another.
        task: asyncio.Task[None] | None = getattr(coordinator, "_coordination_task", None)
        if task is not None and task.done() and not task.cancelled() and task.exception() is not None:
            return task.exception()
        pending: BaseException | None = getattr(coordinator, "_pending_exception", None)
        return pending

    @property
    def batches(self) -> BatchConsumer:
        """The consumer, with its real type."""
        return cast(BatchConsumer, self.consumer)


def group_of(topics: Topics) -> str:
    """The consumer group of all agents of an installation."""
    return f"{topics.prefix}-agents"


def build_app(
    *,
    servers: str,
    security: Security,
    topics: Topics,
    database: Database,
    letter_topic: LetterTopic,
    policy: Policy,
    redaction: Redaction | None,
    sources: Sources | None,
    source_counts: SourceCounts,
    clock: ServerClock,
    recorded: Callable[[], None],
    worker_id: str,
    data_dir: Path,
    max_batch_bytes: int,
    stopping: asyncio.Event,
) -> AgentsApp:
    """One agent for each results topic of the catalogue and of connectors, one for commands. Nothing is started.

    `recorded` is called when a command was recorded.
    """
    expansion.install(max_batch_bytes)
    app = AgentsApp(
        group_of(topics),
        broker=[f"kafka://{server}" for server in servers.split(",")],
        broker_credentials=_credentials(security),
        datadir=data_dir / "faust",
        store="memory://",
        autodiscover=False,
        consumer_auto_offset_reset="earliest",
        consumer_metadata_max_age_ms=METADATA_SECONDS * 1000,
        consumer_group_instance_id=_member(worker_id, topics),
        broker_session_timeout=SESSION_SECONDS,
        broker_heartbeat_interval=SESSION_SECONDS / 10,
        broker_max_poll_interval=MAX_POLL_SECONDS,
        broker_commit_interval=COMMIT_SECONDS,
        broker_commit_every=None,
        stream_wait_empty=False,  # BatchConsumer.drain waits instead, for a limited time
        topic_allow_declare=False,  # `conexoes topics` makes them
        topic_disable_leader=True,
        table_standby_replicas=0,
        web_enabled=False,  # Faust's web server listens on every address, without authentication
    )
    app.stopping, app.database, app.lag = stopping, database, Lag()
    dead_letters = DeadLetters(letter_topic, database)
    delivery = Delivery(app.done, app.current, app.begin_again)
    sent = SentAliases()
    for each, connector in itertools.product(CATALOGUE, (None, *topics.connectors)):
        ingest = Ingest(
            each,
            database,
            dead_letters,
            delivery,
            clock=clock,
            policy=policy,
            sent=sent,
            redaction=redaction,
            allowed=Allowed(sources, connector) if sources is not None else None,
            sources=source_counts,
        )
        _add_agent(app, topics.results(each.name, connector), ingest)
    commands = Commands(database, dead_letters, policy, delivery, recorded, redaction=redaction)
    _add_agent(app, topics.commands, commands)
    return app


def _member(worker_id: str, topics: Topics) -> str:
    """Return the static member id of a worker that reads these topics.

    Kafka gives a static member that comes back its old assignment, whatever it subscribes to now: with one topic more,
    nobody would ever read that. So a worker with other topics is another member.
    """
    names = "\n".join(sorted(topics.names()))
    return f"{worker_id}-{blake2b(names.encode(), digest_size=4).hexdigest()}"


def _credentials(security: Security) -> CredentialsT | None:
    """Translate the broker settings into Faust's."""
    if security.logs_in:
        return faust.SASLCredentials(
            username=security.sasl_username,
            password=security.sasl_password,
            mechanism=security.sasl_mechanism,
            ssl_context=security.ssl_context,
        )
    return faust.SSLCredentials(security.ssl_context) if security.encrypts else None


def _add_agent(app: AgentsApp, topic: str, handler: Ingest | Commands) -> None:
    async def agent(stream: AsyncIterable[RecordBatch]) -> None:
        await guarded(topic, lambda: handler.run(stream), app.stopping)

    kafka_topic: Any = app.topic(topic, schema=PassThrough())
    # One batch at a time: the watermark moves in the order of a partition.
    app.agent(kafka_topic, name=topic, concurrency=1)(agent)
