"""`conexoes doctor`."""

import json
from typing import Annotated

import typer

from broker.errors import BrokerError
from broker.settings import BrokerSettings
from broker.topics import check_topics
from cli.installation import (
    InstallationSettings,
    UnusableError,
    broker_settings,
    has_embedded_servers,
    storage_settings,
    system_here,
)
from cli.logs import leave_kafka_to_us
from cli.run import run
from storage.check import check_database, what_is_logged
from storage.errors import StorageError
from storage.settings import StorageSettings

_ANY_SOURCE = "CONEXOES_SOURCES is unset: whoever may write a results topic may say anything of any account."


def command(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="addresses of the running system, for scripts; exit 1 if none runs")
    ] = False,
) -> None:
    """Say what is wrong with this installation, and what to do about it."""
    if as_json:
        _print_addresses()
        return
    leave_kafka_to_us()
    settings = InstallationSettings()
    findings = []
    if has_embedded_servers():
        from embedded.doctor import examine  # noqa: PLC0415 - needs what the extra installs

        findings = examine(settings.data_dir, settings.kafka_port)
    for each in findings:
        typer.echo(f"{'ok' if each.ok else '!!'}  {each.name}: {each.detail} {each.advice}".rstrip())
    sources = BrokerSettings().sources
    said = f"{len(sources.root)} may send results." if sources else _ANY_SOURCE
    typer.echo(f"ok  sources: {said}")
    faults = _server_faults()
    for fault in faults:
        typer.echo(f"!!  servers: {fault}")
    for warning in _warnings() if not faults else []:
        typer.echo(f"--  servers: {warning}")
    if not faults and (http := system_here().http):
        typer.echo(f"ok  servers: Kafka and PostgreSQL answer; pages and API are at {http}.")
    if faults or not all(each.ok for each in findings):
        raise typer.Exit(1)


def _print_addresses() -> None:
    system = system_here()
    addresses = {
        "kafka": BrokerSettings().kafka_bootstrap_servers or system.kafka,
        "database": StorageSettings().database_url or system.database,
        "http": system.http,
    }
    typer.echo(json.dumps(addresses))
    if not all(addresses.values()):
        raise typer.Exit(1)


def _server_faults() -> list[str]:
    """Return the faults of the servers that run here; none when no server runs."""
    try:
        broker, storage = broker_settings(), storage_settings()
    except UnusableError:
        return []  # no servers run here, which is no fault
    try:
        faults: list[str] = run(lambda _stop: check_topics(str(broker.kafka_bootstrap_servers), broker))
        return faults + list(run(lambda _stop: check_database(str(storage.database_url), storage)))
    except (BrokerError, StorageError) as exc:
        return [str(exc)]


def _warnings() -> list[str]:
    """Return what is no fault, and yet may be wrong."""
    try:
        storage = storage_settings()
    except UnusableError:
        return []
    return list(run(lambda _stop: what_is_logged(str(storage.database_url), storage)))
