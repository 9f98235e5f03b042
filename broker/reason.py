"""Why Kafka can't be entered: aiokafka's clients only say that they could not, and leave the reason to their log."""

import asyncio

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import KafkaError

from broker.security import Security

_TIMEOUT_MS = 5_000


async def why_not(servers: str, security: Security) -> str:
    """What each of `servers` says to one who wants in, or the network does; empty when one of them lets us in."""
    said = await asyncio.gather(
        *(_try(host, port, security) for host, port, _family in collect_hosts(servers, randomize=False))
    )
    return "; ".join(said) if all(said) else ""


async def _try(host: str, port: int, security: Security) -> str:
    try:
        connection = await create_conn(host, port, request_timeout_ms=_TIMEOUT_MS, **security.arguments)
    except (KafkaError, OSError, TimeoutError) as exc:
        return f"{host}:{port}: {str(exc) or type(exc).__name__}"
    connection.close()
    return ""
