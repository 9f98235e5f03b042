"""/metrics, /livez and /readyz on an address of their own, of any process."""

import asyncio
from collections.abc import Callable

from prometheus_client import CollectorRegistry

from api.health import Readiness, health_app, readiness_of
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

    async def serve_of(self, database: Database, not_ready: Callable[[], str | None] = lambda: None) -> None:
        """Answer for a process that has a database, as `serve` does."""
        await self.serve(readiness_of(database, not_ready))

    async def serve(self, readiness: Readiness) -> None:
        """Answer until `stop` is set; only wait for that where there is no address."""
        if self._listener is None:
            await self._stop.wait()
        else:
            await serve_on(self._listener, health_app(readiness, self._registry), self._stop)
