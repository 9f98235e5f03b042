"""An ASGI app of a process, with its probes beside it."""

import asyncio

from fastapi import FastAPI

from api.authentication import Authenticator
from api.server import serve
from api.settings import ApiSettings
from cli.fitness import Fitness
from cli.probes import Probes
from storage.database import Database


async def serve_app(
    app: FastAPI, settings: ApiSettings, reader: Database, stop: asyncio.Event, *, fitness: Fitness
) -> None:
    """Serve `app`, and the probes on their own address; one ends with the other.

    Raises AddressUnusableError, and SchemaUnfit as soon as the database is there and has a schema that is unfit.
    """
    probes = Probes(app.state.metrics, stop)
    beside = asyncio.create_task(probes.serve_of(reader))
    looking = asyncio.create_task(fitness.until_known())
    serving = asyncio.create_task(
        serve(app, settings.http_host, settings.http_port, stop, trusted_proxies=settings.trusted_proxies)
    )
    try:
        await asyncio.wait({serving, looking}, return_when=asyncio.FIRST_COMPLETED)
        if looking.done():
            looking.result()
        await serving
    finally:
        for each in (serving, looking, beside):
            each.cancel()
        await asyncio.gather(serving, looking, beside, return_exceptions=True)


def authenticator_of(reader: Database, settings: ApiSettings) -> Authenticator:
    """Return what knows keys, the bootstrap key among them if there is one."""
    key = settings.bootstrap_key
    return Authenticator(reader, key.get_secret_value() if key else None)
