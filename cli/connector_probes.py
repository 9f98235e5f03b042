"""/metrics, /livez and /readyz of a connector that we run: it has no database, and is ready when Kafka lets it in."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from api.settings import ProbeSettings
from broker.reason import why_not
from broker.settings import BrokerSettings

T = TypeVar("T")


async def probed(work: Callable[[asyncio.Event], Awaitable[T]], broker: BrokerSettings, stop: asyncio.Event) -> T:
    """Do `work` until it ends, with the probes beside it where they have an address. Raises AddressUnusableError."""
    if ProbeSettings().metrics_port is None:
        return await work(stop)
    # A server of HTTP and its metrics, which take memory, are for those who asked for them.
    from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector  # noqa: PLC0415

    from cli.probes import Probes  # noqa: PLC0415
    from storage.process_metrics import ProcessMetrics  # noqa: PLC0415

    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    ProcessMetrics(registry)

    async def kafka_refuses() -> str | None:
        refusal = await why_not(str(broker.kafka_bootstrap_servers), broker.security)
        return f"Kafka does not let us in: {refusal}" if refusal else None

    beside = asyncio.create_task(Probes(registry, stop).serve(kafka_refuses))
    try:
        return await work(stop)
    finally:
        beside.cancel()
        await asyncio.gather(beside, return_exceptions=True)
