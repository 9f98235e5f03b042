"""The admin app as an ASGI app."""

import asyncio
from collections.abc import Callable

from fastapi import FastAPI

from admin import affiliates, automatic, cancellation, commands, dead_letters, events, exports, groups
from admin.affiliates import AffiliateRequest, PauseRequest
from admin.cancellation import CancelRequest
from admin.dead_letters import EditRequest
from admin.door import Door
from admin.event_body import ResultEvent
from admin.issuer import Issuer
from admin.pages.build import add_pages
from admin.rate import COMMAND_BURST, COMMANDS_PER_SECOND, Rate
from admin.session import Sessions
from api.app import build_api
from api.authentication import Authenticator
from api.document import add_schemas
from api.problems import problem_responses
from api.settings import EVENTS_PER_SECOND
from broker.publisher import Publisher
from exports.jobs.jobs import Jobs
from exports.settings import ExportSettings
from outbound.sealed import Sealer, new_key
from outbound.settings import NotificationSettings
from schemas.automatic_rule import AutomaticRuleRequest
from schemas.export import ExportRequest
from schemas.group import GroupDecision, GroupNotes
from schemas.playbook import Playbook
from schemas.policy import Policy
from schemas.redrive import EraseLettersRequest, RedriveRequest, RedriveSwitchRequest
from schemas.reprocess import AuthoredRequest, ReprocessRequest
from schemas.rereading import Rereading
from schemas.sources import Sources
from schemas.topics import Topics
from storage.clock import ServerClock
from storage.database import Database

#: Time for which a caller waits for Kafka before it gets 503.
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
    sources: Sources | None = None,
    notifications: NotificationSettings | None = None,
    events_per_second: int = EVENTS_PER_SECOND,
    playbook: Callable[[], Playbook] = Playbook,
    export_settings: ExportSettings | None = None,
    stop: asyncio.Event | None = None,
    issuer: Issuer | None = None,
) -> FastAPI:
    """Build the app: the query API, the commands, the door for results, exports in the background, and the pages.

    The caller closes the arguments. It must recover `app.state.jobs` before the first request, and close it after the
    last. `sources`, `notifications`: as for agents. `events_per_second`: that one key may post. `stop`: set when the
    process is to end, so that streams end too. `issuer`: by which people may sign in, beside
    keys.
    """
    app = build_api(reader, authenticator, policy, playbook, export_settings)
    app.state.jobs = Jobs(app.state.exports)
    app.state.writer = writer
    app.state.process.watch(writer)
    app.state.publisher = publisher
    app.state.topics = topics
    app.state.door = Door(
        publisher,
        topics,
        sources=sources,
        clock=ServerClock(reader),
        events_per_second=events_per_second,
        registry=app.state.metrics,
    )
    app.state.notifications = notifications or NotificationSettings()
    key = app.state.notifications.channels_key
    app.state.sealer = Sealer(new_key() if key is None else key.get_secret_value())
    app.state.rereading = Rereading(topics, sources)
    app.state.rate = Rate(COMMANDS_PER_SECOND, COMMAND_BURST)
    body_problems = (
        (403, "the key is read-only"),
        (408, "the body came too slowly"),
        (413, "the body is too large"),
        (415, "the body is not plain JSON"),
    )
    app.include_router(
        commands.router,
        responses=problem_responses(
            (400, "no Idempotency-Key"), *body_problems, (429, "too many commands of this account")
        ),
    )
    app.include_router(
        cancellation.router,
        responses=problem_responses(*body_problems, (409, "it is over, or not recorded yet")),
    )
    app.include_router(affiliates.router, responses=problem_responses(*body_problems))
    app.include_router(automatic.router, responses=problem_responses(*body_problems))
    app.include_router(groups.router, responses=problem_responses(*body_problems))
    app.include_router(
        exports.router,
        responses=problem_responses(*body_problems, (429, "too many exports, of this account or in all")),
    )
    app.include_router(
        events.router,
        responses=problem_responses(
            (403, "the key is no connector's, or not for what the events name"),
            (408, "the body came too slowly"),
            (413, "the body is too large"),
            (415, "the body is no CloudEvent in JSON"),
            (422, "an event is no result; none was sent"),
            (429, "too many events of this key"),
            (503, "Kafka has not acknowledged all of the events: post them again"),
        ),
    )
    app.include_router(
        dead_letters.router,
        responses=problem_responses(
            *body_problems,
            (403, "the key has not the role, or may not see evidence"),
            (409, "the letter or redrive is not in a state for this"),
            (429, "too many commands of this account"),
        ),
    )
    # Bodies, which FastAPI does not know since we read and limit them.
    add_schemas(app, ReprocessRequest, CancelRequest, AffiliateRequest, PauseRequest, GroupDecision, GroupNotes)
    add_schemas(app, ExportRequest, ResultEvent)
    add_schemas(app, AuthoredRequest, AutomaticRuleRequest)
    add_schemas(app, RedriveRequest, RedriveSwitchRequest, EraseLettersRequest, EditRequest)
    add_pages(app, sessions, stop, issuer)
    return app
