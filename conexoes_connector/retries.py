"""The receiving side of a connector: reads retries, writes answers."""

import asyncio
import traceback
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import asdict
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from broker.backoff import pauses
from broker.closing import close_consumer
from broker.metadata import METADATA_SECONDS
from broker.outage import Outages
from conexoes_connector.connector import Connector
from conexoes_connector.errors import InvalidResultError
from conexoes_connector.log import Log
from conexoes_connector.partitions import Partitions
from conexoes_connector.retry import Answer, Retry, read_retry

#: Does the work of one retry. None: no answer, and the item expires at its deadline.
Handler = Callable[[Retry], Awaitable[Answer | None]]

#: Answered retries that are kept in memory, to recognise one that comes twice. A restart forgets them.
REMEMBERED = 10_000
#: Fields of an answer that are left out, one group after the other, until the rest is a valid result: `status` is kept.
_LEFT_OUT: Final = (
    (),
    ("request", "response"),
    ("errors", "aliases", "operation", "sequence", "processed_at"),
    ("message",),
)

log = Log(__name__)


async def serve_retries(
    connector: Connector,
    handlers: Mapping[str, Handler],
    *,
    affiliates: Collection[str] | None,
    group: str,
    stop: asyncio.Event,
) -> None:
    """Take retries of these types and affiliates and answer them, until `stop` is set. None means every affiliate.

    Retries of one entity are handled in order; partitions are handled at the same time, and a handler may take any
    time. An offset is committed only after Kafka has the answer, and at once then: after a crash a retry comes again,
    with the same id. A handler that raises gives an answer too: status `error`, code `connector.exception`. An answer
    that is no valid result is sent with less beside its status. All processes of one `group` share the work. It waits
    for Kafka as long as it takes.
    """
    service = _Service(connector, handlers, affiliates)
    topics = [connector.topics.retry(name) for name in handlers]
    outages = Outages(log)
    for pause in pauses():
        consumer = AIOKafkaConsumer(
            bootstrap_servers=connector.servers,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            metadata_max_age_ms=METADATA_SECONDS * 1000,
            **connector.security.arguments,
        )
        partitions = Partitions(service.handle)
        consumer.subscribe(topics, listener=partitions)
        try:
            await consumer.start()
            outages.worked("retries")
            await partitions.run(consumer, stop)
        except (KafkaError, OSError) as exc:
            outages.failed("retries", str(exc) or type(exc).__name__)
            await asyncio.sleep(pause)
        finally:
            await close_consumer(consumer)
        if stop.is_set():
            return


class _Service:
    def __init__(
        self, connector: Connector, handlers: Mapping[str, Handler], affiliates: Collection[str] | None
    ) -> None:
        self._connector = connector
        self._handlers = handlers
        self._affiliates = affiliates
        self._answered: OrderedDict[tuple[str, int], None] = OrderedDict()

    async def handle(self, value: bytes) -> None:
        """Do the work of the retry in a record, and answer it."""
        try:
            retry = read_retry(value)
        except (ValueError, KeyError, TypeError) as exc:
            log.error("not a retry", reason=str(exc))
            return
        if self._affiliates is not None and retry.data.affiliate not in self._affiliates:
            return
        # One that was answered busy comes again with the same id, and is to be done then.
        try_ = (retry.id, retry.data.busy_answers)
        if try_ in self._answered:
            return
        answer = await self._work(retry)
        if answer is not None:
            await self._answer(retry, answer)
        self._answered[try_] = None
        if len(self._answered) > REMEMBERED:
            self._answered.popitem(last=False)

    async def _work(self, retry: Retry) -> Answer | None:
        try:
            return await self._handlers[retry.data.integration_type](retry)
        except Exception as exc:  # a retry must get its answer whatever the handler raises
            log.error("handler failed", retry_id=retry.id, exc_info=exc)
            return _failure(exc)

    async def _answer(self, retry: Retry, answer: Answer) -> None:
        data = retry.data
        entity: dict[str, Any] = {"account": data.account, "affiliate": data.affiliate, "key": data.key}
        event: dict[str, Any] = {"correlationid": retry.id, "traceparent": retry.traceparent}
        fields = asdict(answer)
        instead: Answer | None = None
        # Work that was done must not be shown as failed because of what was said about it.
        for left_out in _LEFT_OUT:
            fields = {name: value for name, value in fields.items() if name not in left_out}
            try:
                await self._connector.emit(data.integration_type, **event, **entity, **fields)
            except InvalidResultError as exc:
                log.error("invalid answer", retry_id=retry.id, fields=",".join(fields), reason=str(exc))
                instead = instead or _failure(exc)
            else:
                return
        if instead is not None:
            await self._connector.emit(data.integration_type, **event, **entity, **asdict(instead))


def _failure(exc: Exception) -> Answer:
    last_line = "".join(traceback.format_exception_only(exc)).strip()[:1000]
    return Answer(
        status="error",
        message="The connector failed while it worked on this retry.",
        errors=[{"code": "connector.exception", "message": last_line}],
    )
