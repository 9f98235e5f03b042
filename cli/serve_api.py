"""The process of the query API, whose connections are opened and closed here."""

import asyncio

from api.app import build_api
from api.settings import ApiSettings
from cli.fitness import Fitness
from cli.http import authenticator_of, serve_app
from cli.playbook import playbook_of
from schemas.policy import Policy
from storage.database import Database
from storage.settings import StorageSettings


async def serve_api(storage: StorageSettings, policy: Policy, stop: asyncio.Event) -> None:
    """Serve the query API alone, until `stop` is set. Needs no Kafka."""
    settings = ApiSettings()
    playbook = playbook_of(settings)
    reader = Database(storage.reader_url, "reader", storage, application_name="conexoes-api")
    fitness = Fitness(reader)
    try:
        await fitness.look()
        app = build_api(reader, authenticator_of(reader, settings), policy, playbook)
        await serve_app(app, settings, reader, stop, fitness=fitness)
    finally:
        await reader.close()
