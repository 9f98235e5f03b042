"""/metrics, /livez and /readyz on an address of their own, of any process that has a database."""

import asyncio
from collections.abc import Callable

from prometheus_client import CollectorRegistry

from api.health import health_app
from api.server import listen, serve_on
from api.settings import ProbeSettings
from storage.database import Database


class Probes:
    """Listens from the beginning, so that an address that can't be had is said before anything starts."""

    def __init__(self, registry: CollectorRegistry, stop: asyncio.Event) -> None:
        """Raises AddressUnusableError."""
        settings = ProbeSettings()
        self._registry = registry
        self._stop = stop
        port = settings.metrics_port
        self._listener = None if port is None else listen(settings.metrics_host, port, "CONEXOES_METRICS")

    async def serve(self, database: Database, not_ready: Callable[[], str | None] = lambda: None) -> None:
        """Answer until `stop` is set; only wait for that where there is no address."""
        if self._listener is None:
            await self._stop.wait()
        else:
            await serve_on(self._listener, health_app(database, self._registry, not_ready), self._stop)
