"""The query API as an ASGI app."""

from collections.abc import Callable

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector

from api import (
    activity,
    affiliates,
    automatic,
    dead_letters,
    exports,
    freshness,
    groups,
    health,
    incidents,
    integration_types,
    logs,
    notifications,
    own_key,
    reprocess,
    reprocess_plan,
    series,
    vtex_logs,
)
from api import (
    playbook as playbook_routes,
)
from api.authentication import Authenticator
from api.document import add_schemas
from api.edge import Edge
from api.fairness import SharedPlaces, places_of
from api.outages import RequestOutages
from api.problems import add_handlers, problem_responses
from api.route_index import RouteIndex
from exports.jobs.desk import ExportDesk
from exports.settings import ExportSettings
from schemas.playbook import Playbook
from schemas.policy import Policy
from schemas.problem import Problem
from storage.database import Database
from storage.process_metrics import ProcessMetrics

PREFIX = "/api/v1"


def build_api(
    reader: Database,
    authenticator: Authenticator,
    policy: Policy,
    playbook: Callable[[], Playbook] = Playbook,
    export_settings: ExportSettings | None = None,
) -> FastAPI:
    """Build the app with every GET path of the API. `reader` must be in the reader role; the caller closes it.

    `playbook` is called for each answer. `export_settings`: None takes them from the environment.
    """
    app = FastAPI(
        title="Conexões",
        version="1",
        summary="Status logs of marketplace integrations, read only",
        docs_url=None,  # FastAPI's page loads scripts from other hosts
        # Its own spans have the path and the query, and so names of entities. Ours (tracing.spans) have the template.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.reader = reader
    app.state.outages = RequestOutages(reader)
    app.state.authenticator = authenticator
    app.state.policy = policy
    app.state.playbook = playbook
    app.state.places = SharedPlaces(places_of(reader.pool_size))
    app.state.exports = ExportDesk(reader, export_settings or ExportSettings(), playbook)
    problems = problem_responses()
    # One by one: with a router inside a router, FastAPI would search all paths a second time.
    # Commands before logs: a command's id may be `logs`, but no type is called `reprocess`. Groups and exports before
    # one log, whose id can't be one of these words.
    for each in (
        integration_types,
        own_key,
        affiliates,
        automatic,
        reprocess,
        reprocess_plan,
        dead_letters,
        playbook_routes,
        freshness,
        incidents,
        activity,
        groups,
        exports,
        notifications,
        logs,
        series,
    ):
        app.include_router(each.router, prefix=PREFIX, responses=problems)
    app.include_router(vtex_logs.router, responses=problems)
    add_handlers(app)
    add_schemas(app, Problem)
    app.state.metrics = CollectorRegistry()
    ProcessCollector(registry=app.state.metrics)
    GCCollector(registry=app.state.metrics)
    app.state.process = ProcessMetrics(app.state.metrics)
    app.state.process.watch(reader)
    health.add_health(app, health.readiness_of(reader), app.state.metrics)
    app.add_middleware(Edge, registry=app.state.metrics)
    app.router.middleware_stack = RouteIndex(app.router)
    return app
