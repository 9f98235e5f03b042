"""`conexoes bridge`: connectors for those who speak another protocol than ours."""

import asyncio
from collections import Counter
from typing import Annotated, Any

import typer

from cli.connector_probes import probed
from cli.installation import InstallationSettings, broker_settings
from cli.json_option import AsJson, to_json
from cli.run import run
from cli.simulation import counted
from connectors.vtex_logs.bridge import bridge as read_vtex_logs
from connectors.vtex_logs.settings import VtexLogsSettings
from connectors.webhook.bridge import bridge as deliver_webhooks
from connectors.webhook.settings import WebhookSettings

app = typer.Typer(
    no_args_is_help=True, help="Run a connector for those who don't speak Kafka. Secrets are settings: docs/bridges.md."
)
Source = Annotated[str | None, typer.Option(help="source of the results, e.g. /connectors/mlb")]
Networks = Annotated[
    list[str] | None,
    typer.Option("--allow-network", help="network inside ours that may be connected to, e.g. 10.1.0.0/16; repeatable"),
]


@app.command()
def webhook(
    *,
    url: Annotated[str | None, typer.Option(help="address that retries are posted to")] = None,
    source: Source = None,
    types: Annotated[list[str] | None, typer.Option("--type", help="type of retries; repeatable")] = None,
    affiliates: Annotated[list[str] | None, typer.Option("--affiliate", help="marketplace; repeatable")] = None,
    accounts: Annotated[list[str] | None, typer.Option("--account", help="account; repeatable")] = None,
    networks: Networks = None,
) -> None:
    """Post retries to a URL as signed webhooks (Standard Webhooks), and send what it answers as results.

    Options come before the settings CONEXOES_WEBHOOK_…; the secret is in CONEXOES_WEBHOOK_SECRET, or in a file.
    """
    settings = WebhookSettings(
        **_given(
            "webhook",
            url=url,
            source=source,
            types=types,
            affiliates=affiliates,
            accounts=accounts,
            allowed_networks=networks,
        )
    )
    broker = broker_settings()
    servers, prefix = str(broker.kafka_bootstrap_servers), broker.topic_prefix

    async def deliver(stop: asyncio.Event) -> None:
        await deliver_webhooks(servers, prefix, settings, stop, security=broker.security)

    run(lambda stop: probed(deliver, broker, stop))


@app.command()
def vtex_logs(
    *,
    url: Annotated[
        str | None, typer.Option(help="urlBase of the connector, or an address with {account} in it")
    ] = None,
    account: Annotated[str | None, typer.Option(help="VTEX account whose logs are read")] = None,
    affiliate: Annotated[str | None, typer.Option(help="marketplace of the connector")] = None,
    source: Source = None,
    timezone: Annotated[str | None, typer.Option(help="tz database name of the connector's days")] = None,
    days: Annotated[int | None, typer.Option(help="days before today that are read at the first start")] = None,
    networks: Networks = None,
    as_json: AsJson = False,
) -> None:
    """Read a connector that serves VTEX's log contract, again and again, and send what it lists as results.

    Options come before the settings CONEXOES_VTEX_LOGS_….
    """
    settings = VtexLogsSettings(
        **_given(
            "vtex_logs",
            url=url,
            account=account,
            affiliate=affiliate,
            source=source,
            timezone=timezone,
            days=days,
            allowed_networks=networks,
        )
    )
    broker, data_dir = broker_settings(), InstallationSettings().data_dir
    servers, prefix = str(broker.kafka_bootstrap_servers), broker.topic_prefix

    async def read(stop: asyncio.Event) -> Counter[str]:
        return await read_vtex_logs(servers, prefix, settings, data_dir, stop, security=broker.security)

    counts = run(lambda stop: probed(read, broker, stop))
    typer.echo(to_json({"messages": counts}) if as_json else f"messages: {counted(counts)}")


def _given(prefix: str, **options: Any) -> dict[str, Any]:
    """Return the options that were given, by the names of their settings."""
    return {f"{prefix}_{name}": value for name, value in options.items() if value not in (None, [])}
