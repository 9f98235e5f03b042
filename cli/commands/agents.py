"""`conexoes agents`."""

import asyncio

from prometheus_client import REGISTRY

from agents.settings import AgentSettings
from agents.worker import work
from api.settings import ApiSettings
from cli.installation import InstallationSettings, broker_settings, ready_file, storage_settings
from cli.kept import notification_settings
from cli.playbook import playbook_of
from cli.probes import Probes
from cli.run import run
from tracing.exporter import sending_spans


def command() -> None:
    """Fold results, decide commands, send retries. Run as many of these processes as you need."""
    settings, policy = AgentSettings(), InstallationSettings().policy
    broker, storage = broker_settings(), storage_settings()
    notifications, playbook = notification_settings(settings.data_dir), playbook_of(ApiSettings())
    ready = ready_file(settings.data_dir)

    async def until(stop: asyncio.Event) -> None:
        probes = Probes(REGISTRY, stop)
        await work(
            settings,
            broker,
            storage,
            policy=policy,
            stop=stop,
            notifications=notifications,
            playbook=playbook,
            ready=ready.touch,
            probes=probes.serve_of,
        )

    with sending_spans("conexoes-agents"):
        run(until)
