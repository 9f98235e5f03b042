"""Runs a simulation: sends the planned records, and answers retries."""

import asyncio
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from broker.security import PLAINTEXT, Security
from conexoes_connector.connector import Connector
from conexoes_connector.retries import serve_retries
from conexoes_connector.retry import Answer, Retry
from connectors.simulator.any_type import ANOTHER
from connectors.simulator.marketplace import Fault
from connectors.simulator.plan import SOURCE, Plan, fault_of, outcome_data
from connectors.simulator.settings import SimulatorSettings
from connectors.simulator.ways import Ways, ways
from schemas.catalogue import BY_NAME
from schemas.reprocess import RetryData

BACKFILL_SPAN = timedelta(days=7)
#: Records in flight at once. With many more, the last ones wait for the others until they time out.
_WINDOW = 128


@dataclass
class Report:
    """Counts of sent records and of answers."""

    sent: Counter[str] = field(default_factory=Counter)  # result, duplicate, and each dead-letter code
    answered: Counter[str] = field(default_factory=Counter)  # fixed, same, different, silent

    @property
    def total(self) -> int:
        return self.sent.total()


async def simulate(
    servers: str,
    topic_prefix: str,
    settings: SimulatorSettings,
    stop: asyncio.Event,
    *,
    security: Security = PLAINTEXT,
    progress: Callable[[Report], None] = lambda _report: None,
) -> Report:
    """Send until `stop` is set or `settings.count` records are sent; answer retries of the account meanwhile.

    `progress` is called at most about ten times a second.
    """
    report = Report()
    async with (
        Connector(servers, source=SOURCE, topic_prefix=topic_prefix, security=security) as connector,
        ways(connector, settings, stop) as by,
    ):
        stop_answering = asyncio.Event()
        answering = asyncio.create_task(_answer_retries(connector, settings, report, stop_answering))
        stopped = asyncio.create_task(stop.wait())
        sending = asyncio.create_task(_send(connector, by, settings, report, progress))
        try:
            await asyncio.wait({sending, stopped, answering}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            for task in (sending, stopped):
                task.cancel()
            stop_answering.set()
            await asyncio.gather(sending, stopped, return_exceptions=True)
            await answering
    return report


async def _send(
    connector: Connector, by: Ways, settings: SimulatorSettings, report: Report, progress: Callable[[Report], None]
) -> None:
    plan = Plan(settings, connector.topics, run=uuid.uuid4().hex[:8])
    now = datetime.now(UTC)
    on_the_way: deque[asyncio.Task[None]] = deque()
    backfill = settings.backfill if settings.count is None else min(settings.backfill, settings.count)
    step = BACKFILL_SPAN / max(backfill, 1)
    started, shown = time.monotonic(), 0.0
    while settings.count is None or report.total < settings.count:
        if report.total >= backfill:
            by.backfilled.set()
        if report.total < backfill:
            at = now - BACKFILL_SPAN + step * report.total
        else:
            due = started + (report.total - backfill) / settings.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            at = datetime.now(UTC)
        made = plan.one(at)
        on_the_way.append(asyncio.create_task(by.send(made)))
        report.sent["duplicate" if made.duplicate else made.refused or "result"] += 1
        if report.total == backfill:
            started = time.monotonic()
        while len(on_the_way) >= _WINDOW or (on_the_way and on_the_way[0].done()):
            await on_the_way.popleft()
        if time.monotonic() - shown > 0.1:
            shown = time.monotonic()
            progress(report)
    await asyncio.gather(*on_the_way)
    progress(report)


async def _answer_retries(
    connector: Connector, settings: SimulatorSettings, report: Report, stop: asyncio.Event
) -> None:
    async def handle(retry: Retry) -> Answer | None:
        data = retry.data
        fault = fault_of(data.integration_type, data.affiliate, data.key)
        # Only reading the source again (`refresh`) can change the outcome; the same payload has the same one.
        cure = "same" if data.mode == "replay" and fault.cure == "fixed" else fault.cure
        if cure == "busy" and data.busy_answers:
            cure = "fixed"
        report.answered[cure] += 1
        if cure == "silent" or data.account != settings.account:
            return None
        return _answer(data, {"fixed": None, "different": ANOTHER}.get(cure, fault))

    handlers = dict.fromkeys(BY_NAME, handle)
    await serve_retries(
        connector,
        handlers,
        affiliates=settings.affiliates,
        group=f"{connector.topics.prefix}-simulator-{settings.account}",
        stop=stop,
    )


def _answer(data: RetryData, fault: Fault | None) -> Answer:
    return Answer(**outcome_data(data.integration_type, data.affiliate, data.key, fault, int(time.time()) % 100_000))
