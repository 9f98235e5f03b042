"""Is it alive, can it answer, what does it measure."""

import time
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest

from storage.errors import StorageError

router = APIRouter(tags=["health"])


@router.get("/livez", include_in_schema=False)
async def livez() -> Response:
    """The process answers."""
    return Response("alive\n", media_type="text/plain")


@router.get("/readyz", include_in_schema=False)
async def readyz(request: Request) -> Response:
    """The database answers too."""
    try:
        async with request.app.state.reader.connection() as connection:
            await connection.fetchval("SELECT 1")
    except StorageError:
        return Response("the database does not answer\n", 503, media_type="text/plain")
    return Response("ready\n", media_type="text/plain")


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Prometheus text. No account is ever a label."""
    return Response(generate_latest(request.app.state.metrics), media_type=CONTENT_TYPE_LATEST)


def measure(app: FastAPI) -> None:
    """Time every request by route and status, and send the headers that every answer has."""
    registry = CollectorRegistry()
    seconds = Histogram("conexoes_http_seconds", "requests", ["method", "route", "status"], registry=registry)
    app.state.metrics = registry

    @app.middleware("http")
    async def timed(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        started = time.perf_counter()
        response = await call_next(request)
        route = getattr(request.scope.get("route"), "path", "none")
        seconds.labels(request.method, route, response.status_code).observe(time.perf_counter() - started)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        return response
