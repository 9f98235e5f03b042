"""One agents process: starts, watches and stops its parts in order."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Mapping

import structlog

from agents.app import AgentsApp, build_app, group_of
from agents.kafka.comparing import Comparing
from agents.kafka.letter_topic import LetterTopic
from agents.kafka.unpublished_letters import UnpublishedLetters
from agents.metrics import PROCESS, IngestWork, ingest_waits
from agents.notify.delivery import Delivery
from agents.notify.log_edges import LogEdges
from agents.notify.planning import Planning
from agents.process import crash
from agents.process.availability import until_available
from agents.process.clock import WorkerClock
from agents.process.crash import guarded
from agents.process.start import until_schema, until_topics
from agents.process.watchdog import show_tasks, watch
from agents.process.worker_id import WorkerId, claim_worker_id
from agents.reprocess.automatic import Automatic
from agents.reprocess.dispatch import Dispatch
from agents.reprocess.expiry import Expiry
from agents.reprocess.idle_breakers import IdleBreakers
from agents.reprocess.materialise import Materialise
from agents.reprocess.pauses import Pauses
from agents.reprocess.steps import Steps
from agents.reprocess.waiting import Waiting
from agents.results.redrive import Redriving
from agents.results.source_counts import SourceCounts
from agents.settings import AgentSettings
from agents.upkeep.counting import Counting
from agents.upkeep.indexing import Indexing
from agents.upkeep.judging import Judging
from agents.upkeep.maintenance import Maintenance
from agents.upkeep.measuring import Measuring
from agents.upkeep.topics import TopicWatch
from broker.publisher import Publisher
from broker.settings import BrokerSettings
from outbound.sealed import Sealer, new_key
from outbound.settings import NotificationSettings
from schemas.playbook import Playbook
from schemas.policy import Policy
from schemas.redaction import Redaction
from schemas.rereading import Rereading
from storage.database import Database
from storage.settings import StorageSettings

#: Time from when all that is needed is there until the group has told this process its partitions. A rebalance waits up
#: to a minute for each member, and half a minute for one that was killed.
START_SECONDS = 300.0

#: Serves /metrics, /livez and /readyz, given what to look at: a database, and a sentence while this is not ready.
Probes = Callable[[Database, Callable[[], str | None]], Awaitable[None]]

log = structlog.get_logger(__name__)


async def work(
    agent_settings: AgentSettings,
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    *,
    policy: Policy,
    stop: asyncio.Event,
    notifications: NotificationSettings | None = None,
    playbook: Callable[[], Playbook] = Playbook,
    ready: Callable[[], None] = lambda: None,
    probes: Probes | None = None,
) -> None:
    """Work until `stop` is set, then finish what is in flight within `stop_seconds`. The rest will be delivered again.

    The addresses of both servers must be set. `ready` is called when partitions are assigned. Waits for servers that
    are away, and at the start for a schema, topics and rights that are missing, saying which once a minute. Ends the
    process with exit code 70 on an unforeseen error (agents.process.crash). `probes` runs from before the start.
    `notifications`: None takes them from the environment; without a key no address of a channel can be read.
    """
    servers, url = broker_settings.kafka_bootstrap_servers, storage_settings.writer_url
    if servers is None:
        raise ValueError("kafka_bootstrap_servers must be set")
    agent_settings.data_dir.mkdir(parents=True, exist_ok=True)
    with claim_worker_id(agent_settings.worker_id, agent_settings.data_dir) as worker_id:
        structlog.contextvars.bind_contextvars(worker=worker_id)
        database = Database(url, "writer", storage_settings, application_name=f"conexoes-agents {worker_id}")
        PROCESS.watch(database)
        publisher = Publisher(servers, security=broker_settings.security)
        dispatch = Dispatch(database, publisher, broker_settings.topics, policy)
        materialise = Materialise(database, policy, dispatch.wake)

        def recorded() -> None:
            materialise.wake()
            dispatch.wake()

        clock, only = WorkerClock(database), WorkerId(database, worker_id)
        rereading = Rereading(broker_settings.topics, broker_settings.sources)
        redriving = Redriving(database, publisher, rereading, clock)
        telling = notifications or NotificationSettings()
        key = telling.channels_key
        delivery = Delivery(
            database,
            publisher,
            telling,
            Sealer(new_key() if key is None else key.get_secret_value()),
            topic=broker_settings.topics.events,
            playbook=playbook,
        )
        letter_topic = LetterTopic(broker_settings.topics.dead_letter, publisher)
        source_counts = SourceCounts(database)
        planning = Planning(database, playbook=playbook, public_url=telling.public_url)
        app = build_app(
            servers=servers,
            security=broker_settings.security,
            topics=broker_settings.topics,
            database=database,
            letter_topic=letter_topic,
            policy=policy,
            redaction=Redaction(agent_settings.redact) or None,
            sources=broker_settings.sources,
            source_counts=source_counts,
            clock=clock,
            recorded=recorded,
            worker_id=worker_id,
            data_dir=agent_settings.data_dir,
            max_batch_bytes=agent_settings.max_batch_bytes,
            stopping=stop,
        )
        judging = Judging(
            database,
            broker_settings.topics,
            lambda now: app.lag.ages(app.batches, now),
            of_accounts=agent_settings.metrics_of_accounts,
        )
        worker = Worker(
            app,
            beside={
                "dispatch": dispatch.run,
                "materialise": materialise.run,
                "steps": Steps(database, dispatch.wake).run,
                "expiry": Expiry(database).run,
                "waiting": Waiting(database, dispatch.wake).run,
                "pauses": Pauses(database).run,
                "idle breakers": IdleBreakers(database).run,
                "automatic": Automatic(database, policy, dispatch.wake, enabled=agent_settings.automatic_retries).run,
                "maintenance": Maintenance(database, storage_settings).run,
                "counting": Counting(database).run,
                "counting by source": source_counts.run,
                "clock": clock.run,
                "worker id": only.run,
                "indexing": Indexing(database).run,
                "measuring": Measuring(database).run,
                "judging": judging.run,
                "comparing positions": Comparing(database, app.compare).run,
                "looking for topics": TopicWatch(servers, broker_settings).run,
                "redrive": redriving.run,
                "unpublished letters": UnpublishedLetters(letter_topic, database).run,
                "planning notifications": planning.run,
                "events of logs": LogEdges(database).run,
                "notifications": delivery.run,
            },
            stop_seconds=agent_settings.stop_seconds,
        )
        if probes is not None:
            worker.beside("probes", lambda: probes(database, worker.not_ready))

        async def prepare() -> None:
            await until_schema(database)
            await until_available(IngestWork.CLOCK, clock.measure)
            await until_available(IngestWork.WORKER_ID, only.take)
            await until_topics(servers, broker_settings, group_of(broker_settings.topics))

        await worker.run(prepare, ready)
        with crash.deadline("closing", agent_settings.stop_seconds):
            await source_counts.close()
            await publisher.close()
            await only.leave()
            await database.close()


def _spare_the_collector() -> None:
    """Look for cycles less often.

    Decoding makes thousands of objects that live for one batch and form no cycle. Python's default, every 700 objects,
    takes a third of the time of decoding a JSON batch (measured: 43.9 µs an event, 29.3 with this).
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


class Standing:
    """Standing of the process, which its watchdog looks at."""

    def __init__(self, app: AgentsApp, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._clock = clock
        self._joined_at: float | None = None  # when it was in the group last

    def look(self) -> tuple[bool, object]:
        """Return if work waits, and how far it has come. Waiting for a server that is away does not count as a stall.

        Ends the process when the group has given it no partitions, not even none, for START_SECONDS.
        """
        app = self._app
        if not app.joined:
            if self._joined_at is not None and self._clock() - self._joined_at > START_SECONDS:
                _show(app)
                crash.die(f"joining the group again took longer than {START_SECONDS:g} s")
            return False, None
        self._joined_at = self._clock()
        if (error := app.membership_error()) is not None:
            crash.die(f"Kafka ended the membership in the group: {error}", error)
        app.lag.measure(app.batches)
        lagging, position = app.batches.standing()
        return lagging and not ingest_waits() and not app.rebalancing, position


def _show(app: AgentsApp) -> None:
    """Write what is seen of a process that stands still: its consumer, and the tasks of both event loops."""
    log.error("stands still", **app.batches.snapshot())
    show_tasks([asyncio.get_running_loop(), app.batches._thread.thread_loop])


class Worker:
    """A Faust app and what runs beside it, from start to stop."""

    def __init__(
        self, app: AgentsApp, *, beside: Mapping[str, Callable[[], Awaitable[None]]], stop_seconds: float
    ) -> None:
        """`beside` is the work that runs beside the app; it never ends by itself."""
        self._app = app
        self._beside = beside
        self._stop_seconds = stop_seconds
        self._tasks: list[asyncio.Task[None]] = []
        self._preparing = True

    async def run(self, prepare: Callable[[], Awaitable[None]], ready: Callable[[], None]) -> None:
        """Run until the app's `stopping` is set and all is stopped. Ends the process when stopping takes too long."""
        self._tasks.append(
            asyncio.create_task(guarded("start", lambda: self._start(prepare, ready), self._app.stopping))
        )
        await self._app.stopping.wait()
        log.info("stopping")
        # The committed offsets are right at any moment: an orderly end is worth no more waiting than this.
        with crash.deadline("stopping", self._stop_seconds):
            await self._stop()
        log.info("stopped")

    async def _start(self, prepare: Callable[[], Awaitable[None]], ready: Callable[[], None]) -> None:
        self.beside("watchdog", lambda: watch(Standing(self._app).look, lambda: _show(self._app)))
        await prepare()
        with crash.deadline("joining the group", START_SECONDS):
            await self._app.start()
            await self._join()
        self._preparing = False
        for name, run in self._beside.items():
            self.beside(name, run)
        # A process more than there are partitions stays here, and takes over when another ends.
        while not self._app.batches.assignment() or self._app.rebalancing:  # noqa: ASYNC110 - Faust has no event for it
            await asyncio.sleep(0.05)
        _spare_the_collector()
        log.info("ready", partitions=len(self._app.batches.assignment()))
        ready()
        await self._app.stopping.wait()

    async def _join(self) -> None:
        while not self._app.joined:
            if (error := self._app.membership_error()) is not None:
                crash.die(f"Kafka does not let us into the group: {error}", error)
            await asyncio.sleep(0.05)

    def not_ready(self) -> str | None:
        """Say why this process does no work now, as a sentence; None while it does, or stands by for a partition."""
        if self._preparing:
            return "starting: the log says what is waited for"
        return "stopping" if self._app.stopping.is_set() else None

    def beside(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run something until the end; it must not end by itself."""
        self._tasks.append(asyncio.create_task(guarded(name, run, self._app.stopping), name=name))

    async def _stop(self) -> None:
        if self._app.started:
            self._app.batches.stop_flow()
            if not await self._app.batches.drain(self._stop_seconds / 2):
                log.warning("stopping with work in flight; it will be delivered again")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._app.stop()
