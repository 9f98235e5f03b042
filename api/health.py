"""Liveness, readiness and metrics."""

from collections.abc import Callable

from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from storage.database import Database
from storage.errors import SchemaUnfit, StorageError
from storage.schema_version import check_schema


def _ready() -> None:
    return None


def health_app(database: Database, metrics: CollectorRegistry, not_ready: Callable[[], str | None] = _ready) -> FastAPI:
    """Build an app of these three paths alone, for an address of their own.

    `not_ready`: why the process does no work now, as a sentence; None while it does.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.state.reader, app.state.metrics, app.state.not_ready = database, metrics, not_ready
    app.include_router(router)
    return app


router = APIRouter(tags=["health"])


@router.get("/livez", include_in_schema=False)
async def livez() -> Response:
    """The process answers."""
    return Response("alive\n", media_type="text/plain")


@router.get("/readyz", include_in_schema=False)
async def readyz(request: Request) -> Response:
    """The database answers too, and has a schema that this version works on, as the next one's is."""
    if (reason := getattr(request.app.state, "not_ready", _ready)()) is not None:
        return Response(f"{reason}\n", 503, media_type="text/plain")
    try:
        await check_schema(request.app.state.reader, runs=True)
    except SchemaUnfit as exc:
        return Response(f"{exc}\n", 503, media_type="text/plain")
    except StorageError:
        return Response("the database does not answer\n", 503, media_type="text/plain")
    return Response("ready\n", media_type="text/plain")


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Prometheus text. An account is a label where a setting of the agents says so, and nowhere else."""
    return Response(generate_latest(request.app.state.metrics), media_type=CONTENT_TYPE_LATEST)
