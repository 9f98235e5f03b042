"""Liveness, readiness and metrics: they ask for no key, and however many ask cost one look a second."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from api.shared_answer import SharedAnswer
from storage.database import Database
from storage.errors import SchemaUnfit, StorageError
from storage.schema_version import check_schema

#: Says why a process does no work now, as a sentence; None while it does.
Readiness = Callable[[], Awaitable[str | None]]


def _working() -> None:
    return None


def readiness_of(database: Database, not_ready: Callable[[], str | None] = _working) -> Readiness:
    """Return the readiness of a process whose database must answer too, with a schema that this version works on.

    `not_ready` says why else it does no work now, as a sentence; None while it does.
    """

    async def look() -> str | None:
        if (reason := not_ready()) is not None:
            return reason
        try:
            await check_schema(database, runs=True)
        except SchemaUnfit as exc:
            return str(exc)
        except StorageError:
            return "the database does not answer"
        return None

    return look


def health_app(readiness: Readiness, metrics: CollectorRegistry) -> FastAPI:
    """Build an app of these three paths alone, for an address of their own."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    add_health(app, readiness, metrics)
    return app


def add_health(app: FastAPI, readiness: Readiness, metrics: CollectorRegistry) -> None:
    """Give `app` these three paths."""

    async def rendered() -> bytes:
        return generate_latest(metrics)

    app.state.readiness, app.state.rendered_metrics = SharedAnswer(readiness), SharedAnswer(rendered)
    app.include_router(router)


router = APIRouter(tags=["health"])


@router.get("/livez", include_in_schema=False)
async def livez() -> Response:
    """The process answers."""
    return Response("alive\n", media_type="text/plain")


@router.get("/readyz", include_in_schema=False)
async def readyz(request: Request) -> Response:
    """The process does its work, or says why not."""
    reason = await request.app.state.readiness.get()
    return Response(
        "ready\n" if reason is None else f"{reason}\n", 200 if reason is None else 503, media_type="text/plain"
    )


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Prometheus text. An account is a label where a setting of the agents says so, and nowhere else."""
    return Response(await request.app.state.rendered_metrics.get(), media_type=CONTENT_TYPE_LATEST)
