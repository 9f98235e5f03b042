"""The ways by which the simulated connectors send their results: Kafka, HTTP, and VTEX's log contract."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import aiohttp

from conexoes_connector.connector import Connector
from connectors.simulator.http_door import HttpDoor
from connectors.simulator.log_endpoint import LogEndpoint
from connectors.simulator.marketplaces import marketplace_of
from connectors.simulator.plan import SimulatedRecord
from connectors.simulator.settings import SimulatorSettings
from connectors.vtex_logs.bridge import bridge as read_logs
from connectors.vtex_logs.settings import VtexLogsSettings

_POLL_SECONDS = 5.0
_BACKFILL_DAYS = 8
_HERE = (ip_network("127.0.0.0/8"),)


class Ways:
    """Sends each record by the way of its marketplace."""

    def __init__(self, connector: Connector, door: HttpDoor | None, endpoint: LogEndpoint | None) -> None:
        self._connector = connector
        self._door = door
        self._endpoint = endpoint
        self.backfilled = asyncio.Event()  # set by who sends, when the last week was sent

    async def send(self, made: SimulatedRecord) -> None:
        """Send a record; return when Kafka has it, or the log endpoint.

        What can't be a result goes to Kafka, whoever sends it: over HTTP it would be refused, and no dead letter.
        """
        way = "kafka" if made.refused else marketplace_of(made.affiliate).way
        if way == "http" and self._door is not None:
            await self._door.send(made.record)
        elif way == "vtex" and self._endpoint is not None:
            await self._endpoint.send(made.record, made.integration_type)
        else:
            await self._connector.send(made.record)


@asynccontextmanager
async def ways(connector: Connector, settings: SimulatorSettings, stop: asyncio.Event) -> AsyncIterator[Ways]:
    """Give the ways that the settings allow. Without an address of `conexoes admin`, all results go to Kafka."""
    if settings.http_url is None or settings.http_key is None:
        yield Ways(connector, None, None)
        return
    url_of_admin, key = settings.http_url, settings.http_key.get_secret_value()
    endpoint = LogEndpoint(settings.account)
    async with aiohttp.ClientSession() as session, endpoint.serving() as url:
        by = Ways(connector, HttpDoor(session, url_of_admin, key), endpoint)

        async def read(affiliate: str, directory: Path) -> None:
            # A day that was read is not read again a week later: the messages of the last week must be there.
            await by.backfilled.wait()
            bridge = _bridge(settings, affiliate, url)
            prefix, security = connector.topics.prefix, connector.security
            await read_logs(connector.servers, prefix, bridge, directory, stop, security=security)

        with tempfile.TemporaryDirectory(prefix="conexoes-simulator-") as directory:
            reading = [
                asyncio.create_task(read(affiliate, Path(directory)))
                for affiliate in settings.affiliates
                if marketplace_of(affiliate).way == "vtex"
            ]
            try:
                yield by
            finally:
                for task in reading:
                    task.cancel()
                await asyncio.gather(*reading, return_exceptions=True)


def _bridge(settings: SimulatorSettings, affiliate: str, url: str) -> VtexLogsSettings:
    return VtexLogsSettings(
        vtex_logs_url=url,
        vtex_logs_account=settings.account,
        vtex_logs_affiliate=affiliate,
        vtex_logs_source=marketplace_of(affiliate).source,
        vtex_logs_poll_seconds=_POLL_SECONDS,
        vtex_logs_days=_BACKFILL_DAYS,
        vtex_logs_allowed_networks=_HERE,
        vtex_logs_authorization=None,
    )
