"""Finds out why Kafka does not let us in. aiokafka's clients raise only that it failed, and log the reason."""

import asyncio
import socket
import ssl

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import IllegalSaslStateError, KafkaError

from broker.errors import BrokerUnavailable
from broker.security import Security

_TIMEOUT_MS = 5_000


async def why_not(servers: str, security: Security) -> str:
    """Connect to each of `servers` and return their errors as one text; empty when one of them lets us in."""
    said = await asyncio.gather(
        *(_try(host, port, security) for host, port, _family in collect_hosts(servers, randomize=False))
    )
    return "; ".join(said) if all(said) else ""


def no_broker_yet(exc: AssertionError) -> BrokerUnavailable:
    """Make an error of aiokafka's assertion that it knows a broker: in a cluster that just starts none has joined."""
    return BrokerUnavailable(f"no broker has joined the cluster yet: {exc}")


async def _try(host: str, port: int, security: Security) -> str:
    try:
        connection = await create_conn(host, port, request_timeout_ms=_TIMEOUT_MS, **security.arguments)
    except (KafkaError, OSError, TimeoutError) as exc:
        return f"{host}:{port}: {_said(exc, security)}"
    connection.close()
    return ""


def _said(exc: Exception, security: Security) -> str:
    """Put the error into words. A server that closes the connection without a word may expect TLS, or no TLS."""
    if isinstance(exc, IllegalSaslStateError):
        return f"it asks for no login, and {security.security_protocol} has one"
    said = str(exc)
    if security.encrypts and not isinstance(exc, ssl.SSLError | ConnectionRefusedError | socket.gaierror):
        return f"{said or type(exc).__name__}; does it speak TLS?"
    return said or type(exc).__name__
