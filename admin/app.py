"""The admin app as an ASGI app."""

import asyncio
from typing import Any

from fastapi import FastAPI

from admin import commands
from admin.pages.build import add_pages
from admin.rate import Rate
from admin.session import Sessions
from api.app import build_api, problem_responses
from api.authentication import Authenticator
from broker.publisher import Publisher
from schemas.policy import Policy
from schemas.reprocess import ReprocessRequest
from schemas.topics import Topics
from storage.database import Database

#: How long a caller waits for Kafka before it is told 503.
PUBLISH_SECONDS = 4.0


def build_admin(
    reader: Database,
    writer: Database,
    publisher: Publisher,
    *,
    authenticator: Authenticator,
    policy: Policy,
    topics: Topics,
    sessions: Sessions,
    stop: asyncio.Event | None = None,
) -> FastAPI:
    """The query API, the one write endpoint and the pages. Nothing that is passed in is closed here.

    `stop`: set when the process is to end, so that streams end too.
    """
    app = build_api(reader, authenticator, policy)
    app.state.writer = writer
    app.state.publisher = publisher
    app.state.topics = topics
    app.state.rate = Rate()
    app.include_router(
        commands.router,
        responses=problem_responses(
            (400, "no Idempotency-Key"),
            (403, "the key may read only"),
            (413, "the body is too large"),
            (415, "the body is not plain JSON"),
            (429, "too many commands of this account"),
        ),
    )
    _describe_request(app)
    add_pages(app, sessions, stop)
    return app


def _describe_request(app: FastAPI) -> None:
    """Put the schema of the body, which is read and limited by us, into the document."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        schema = ReprocessRequest.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas = document["components"]["schemas"]
        schemas.update(schema.pop("$defs", {}))
        schemas["ReprocessRequest"] = schema
        return document

    app.openapi = openapi  # type: ignore[method-assign]
