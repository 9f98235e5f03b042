"""The process of the pages and commands, whose connections are opened and closed here."""

import asyncio

from admin.app import PUBLISH_SECONDS, build_admin
from admin.issuer import Issuer
from admin.session import Sessions
from admin.settings import SignInSettings
from api.settings import ApiSettings
from broker.publisher import Publisher
from broker.settings import BrokerSettings
from cli.fitness import Fitness
from cli.http import authenticator_of, serve_app
from cli.playbook import playbook_of
from outbound.settings import NotificationSettings
from schemas.policy import Policy
from storage.database import Database
from storage.settings import StorageSettings


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
    fitness = Fitness(reader)
    try:
        await fitness.look()
        app = build_admin(
            reader,
            writer,
            publisher,
            authenticator=authenticator_of(reader, settings),
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
        app.state.site.load_templates()
        await app.state.jobs.recover()
        try:
            await serve_app(app, settings, reader, stop, fitness=fitness)
        finally:
            await app.state.jobs.close()
    finally:
        if issuer is not None:
            await issuer.close()
        await publisher.close()
        await writer.close()
        await reader.close()
