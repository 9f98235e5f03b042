"""`conexoes api` and `conexoes admin`: the two ASGI apps, whose connections are opened and closed here."""

import asyncio

import structlog
from fastapi import FastAPI

from admin.app import PUBLISH_SECONDS, build_admin
from admin.issuer import Issuer
from admin.session import Sessions
from admin.settings import SignInSettings
from api.app import build_api
from api.authentication import Authenticator
from api.server import serve
from api.settings import ApiSettings
from broker.publisher import Publisher
from broker.settings import BrokerSettings
from cli.playbook import playbook_of
from cli.probes import Probes
from outbound.settings import NotificationSettings
from schemas.policy import Policy
from storage.database import Database
from storage.errors import SchemaUnfit, StorageUnavailable
from storage.schema_version import check_schema
from storage.settings import StorageSettings

log = structlog.get_logger(__name__)


async def serve_api(storage: StorageSettings, policy: Policy, stop: asyncio.Event) -> None:
    """Serve the query API alone, until `stop` is set. Needs no Kafka."""
    settings = ApiSettings()
    playbook = playbook_of(settings)
    reader = Database(storage.reader_url, "reader", storage, application_name="conexoes-api")
    try:
        await _refuse_unfit(reader)
        app = build_api(reader, _authenticator(reader, settings), policy, playbook)
        await _serve(app, settings, reader, stop)
    finally:
        await reader.close()


async def serve_admin(
    broker: BrokerSettings,
    storage: StorageSettings,
    policy: Policy,
    sessions: Sessions,
    stop: asyncio.Event,
    *,
    notifications: NotificationSettings,
) -> None:
    """Serve the query API, the commands and the pages, until `stop` is set."""
    settings, signing_in = ApiSettings(), SignInSettings()
    playbook = playbook_of(settings)
    issuer = None if signing_in.oidc_issuer is None else Issuer(signing_in)
    reader = Database(storage.reader_url, "reader", storage, application_name="conexoes-admin")
    writer = Database(storage.writer_url, "writer", storage, application_name="conexoes-admin")
    publisher = Publisher(
        str(broker.kafka_bootstrap_servers), security=broker.security, timeout_seconds=PUBLISH_SECONDS
    )
    try:
        await _refuse_unfit(reader)
        app = build_admin(
            reader,
            writer,
            publisher,
            authenticator=_authenticator(reader, settings),
            policy=policy,
            topics=broker.topics,
            playbook=playbook,
            sessions=sessions,
            sources=broker.sources,
            notifications=notifications,
            events_per_second=settings.events_per_second,
            stop=stop,
            issuer=issuer,
        )
        await app.state.jobs.recover()
        try:
            await _serve(app, settings, reader, stop)
        finally:
            await app.state.jobs.close()
    finally:
        if issuer is not None:
            await issuer.close()
        await publisher.close()
        await writer.close()
        await reader.close()


async def _serve(app: FastAPI, settings: ApiSettings, reader: Database, stop: asyncio.Event) -> None:
    """Serve `app`, and the probes on their own address; one ends with the other. Raises AddressUnusableError."""
    probes = Probes(app.state.metrics, stop)
    beside = asyncio.create_task(probes.serve(reader))
    try:
        await serve(app, settings.http_host, settings.http_port, stop, trusted_proxies=settings.trusted_proxies)
    finally:
        beside.cancel()
        await asyncio.gather(beside, return_exceptions=True)


async def _refuse_unfit(reader: Database) -> None:
    """Raises SchemaUnfit. A database that is away, or lets nobody in yet, is waited for: requests are answered 503."""
    try:
        found = await check_schema(reader)
    except SchemaUnfit:
        raise
    except StorageUnavailable as exc:
        log.warning("database", reason=str(exc))
    else:
        if found.later is not None:  # it is meant
            log.warning("schema", reason=found.later)


def _authenticator(reader: Database, settings: ApiSettings) -> Authenticator:
    key = settings.bootstrap_key
    return Authenticator(reader, key.get_secret_value() if key else None)
