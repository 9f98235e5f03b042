"""An ASGI app of a process, with its probes beside it."""

import asyncio

import structlog
from fastapi import FastAPI

from api.authentication import Authenticator
from api.server import serve
from api.settings import ApiSettings
from cli.probes import Probes
from storage.database import Database
from storage.errors import SchemaUnfit, StorageUnavailable
from storage.schema_version import check_schema

log = structlog.get_logger(__name__)


async def serve_app(app: FastAPI, settings: ApiSettings, reader: Database, stop: asyncio.Event) -> None:
    """Serve `app`, and the probes on their own address; one ends with the other. Raises AddressUnusableError."""
    probes = Probes(app.state.metrics, stop)
    beside = asyncio.create_task(probes.serve_of(reader))
    try:
        await serve(app, settings.http_host, settings.http_port, stop, trusted_proxies=settings.trusted_proxies)
    finally:
        beside.cancel()
        await asyncio.gather(beside, return_exceptions=True)


async def refuse_unfit(reader: Database) -> None:
    """Raise SchemaUnfit for a schema that this version does not know.

    A database that is away, or lets nobody in yet, is waited for: requests are answered 503.
    """
    try:
        found = await check_schema(reader)
    except SchemaUnfit:
        raise
    except StorageUnavailable as exc:
        log.warning("database", reason=str(exc))
    else:
        if found.later is not None:  # it is meant
            log.warning("schema", reason=found.later)


def authenticator_of(reader: Database, settings: ApiSettings) -> Authenticator:
    """Return what knows keys, the bootstrap key among them if there is one."""
    key = settings.bootstrap_key
    return Authenticator(reader, key.get_secret_value() if key else None)
