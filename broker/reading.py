"""Asks Kafka for the rights of a consumer, before one is started that would wait for them in silence."""

import asyncio
from collections.abc import Iterable

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError

from broker.closing import close_consumer
from broker.errors import BrokerUnavailable
from broker.reason import no_broker_yet, why_not
from broker.security import Security

log = structlog.get_logger(__name__)

_TIMEOUT_SECONDS = 15.0
#: Milliseconds for the answer to one fetch. A refusal comes at once; where nothing is refused, this is waited out.
_FETCH_MS = 500


async def check_reading(servers: str, security: Security, topics: Iterable[str], group: str) -> None:
    """Read no record and commit nothing, with the rights that both need. Joins no group.

    Raises BrokerUnavailable with the first right that is missing.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers,
        group_id=group,
        enable_auto_commit=False,
        fetch_max_wait_ms=_FETCH_MS // 5,
        request_timeout_ms=int(_TIMEOUT_SECONDS * 1000),
        **security.arguments,
    )
    partitions = [TopicPartition(topic, 0) for topic in topics]
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            await consumer.start()
            consumer.assign(partitions)
            await consumer.committed(partitions[0])
            await consumer.seek_to_end(*partitions)
            await _fetch(consumer)
    except KafkaConnectionError as exc:
        raise BrokerUnavailable(await why_not(servers, security) or str(exc)) from exc
    except KafkaError as exc:
        what = ", ".join(map(str, exc.args[:1])) or str(exc)
        raise BrokerUnavailable(f"we may not read: {type(exc).__name__} {what} (docs/kafka-security.md)") from exc
    except AssertionError as exc:
        raise no_broker_yet(exc) from exc
    except (OSError, TimeoutError) as exc:
        raise BrokerUnavailable(f"no answer to a reader within {_TIMEOUT_SECONDS:g} s: {exc!r}") from exc
    finally:
        await close_consumer(consumer)


async def _fetch(consumer: AIOKafkaConsumer) -> None:
    """Ask for records, and take what can't be unpacked for an answer: who may not read gets none.

    A batch may come at this very moment whose records are too large, or no records at all.
    """
    try:
        await consumer.getmany(timeout_ms=_FETCH_MS, max_records=1)
    except (KafkaError, OSError, AssertionError):
        raise
    except Exception as exc:
        log.debug("a record batch can't be unpacked", reason=repr(exc))
