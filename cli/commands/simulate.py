"""`conexoes simulate`."""

import asyncio
from typing import Annotated

import typer

from cli.connector_probes import probed
from cli.installation import broker_settings
from cli.json_option import AsJson, to_json
from cli.run import run
from cli.simulation import counted, progress_of
from connectors.simulator.settings import SimulatorSettings
from connectors.simulator.simulate import Report, simulate


def command(
    *,
    rate: Annotated[float | None, typer.Option(help="results a second")] = None,
    count: Annotated[int | None, typer.Option(help="stop after so many records")] = None,
    seed: Annotated[int | None, typer.Option(help="the same seed makes the same records")] = None,
    as_json: AsJson = False,
) -> None:
    """Run a connector that sends results of every kind, good and bad, and answers retries."""
    given = {name: value for name, value in {"rate": rate, "count": count, "seed": seed}.items() if value is not None}
    # Through the model, so that an option is held to the same limits as its environment variable.
    settings = SimulatorSettings.model_validate({**SimulatorSettings().model_dump(), **given})
    broker = broker_settings()
    servers, prefix, security = str(broker.kafka_bootstrap_servers), broker.topic_prefix, broker.security
    with progress_of(settings.count) as show:

        async def send(stop: asyncio.Event) -> Report:
            return await simulate(servers, prefix, settings, stop, security=security, progress=show)

        report = run(lambda stop: probed(send, broker, stop))
    if as_json:
        typer.echo(to_json({"total": report.total, "sent": report.sent, "answered": report.answered}))
        return
    typer.echo(f"sent {report.total}: {counted(report.sent)}; retries answered: {counted(report.answered)}")
