"""The command line: every process of Conexões, wired here and nowhere else."""

import asyncio
import json
import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from agents.settings import AgentSettings
from agents.worker import work
from broker.errors import BrokerError
from broker.settings import BrokerSettings
from broker.topics import check_topics, create_topics
from embedded.doctor import examine
from embedded.errors import EmbeddedError
from embedded.run_file import RunningSystem, running
from schemas.policy import Policy
from storage.check import check_database
from storage.errors import StorageError
from storage.migrate import migrate as apply_migrations
from storage.settings import StorageSettings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


class UnusableError(Exception):
    """Something that the user can put right; the text says how."""


class InstallationSettings(BaseSettings):
    """What concerns all processes. Environment variables `CONEXOES_…`."""

    model_config = SettingsConfigDict(env_prefix="CONEXOES_", frozen=True, extra="ignore")

    data_dir: Path = Field(default=Path(".conexoes"), description="where the embedded servers and run files live")
    kafka_port: int = Field(default=19092, ge=1, le=65535, description="of the embedded Kafka, on 127.0.0.1")
    demo: bool = Field(default=True, description="`up`: run the simulator for the account `demo`")
    policy: Policy = Field(
        default_factory=Policy, description="reprocessing rules that differ from the catalogue's, as JSON"
    )


def _servers() -> tuple[BrokerSettings, StorageSettings]:
    """Settings with both addresses: from the environment, or of the embedded servers that run here."""
    broker, storage = BrokerSettings(), StorageSettings()
    system = running(InstallationSettings().data_dir) or RunningSystem()
    broker = broker.model_copy(update={"kafka_bootstrap_servers": broker.kafka_bootstrap_servers or system.kafka})
    storage = storage.model_copy(update={"database_url": storage.database_url or system.database})
    if broker.kafka_bootstrap_servers is None:
        raise UnusableError("No Kafka: set CONEXOES_KAFKA_BOOTSTRAP_SERVERS, or start `conexoes up` first.")
    if storage.database_url is None:
        raise UnusableError("No PostgreSQL: set CONEXOES_DATABASE_URL, or start `conexoes up` first.")
    return broker, storage


def _run(command: Callable[[asyncio.Event], Coroutine[Any, Any, Any]]) -> Any:
    """Run a command until it ends, or until Ctrl-C or SIGTERM sets its event."""

    async def until_stopped() -> Any:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        return await command(stop)

    return asyncio.run(until_stopped())


@app.command()
def agents() -> None:
    """Fold results, decide commands, send retries: one process of as many as you like."""

    async def command(stop: asyncio.Event) -> None:
        broker, storage = _servers()
        settings = AgentSettings()
        await work(settings, broker, storage, policy=InstallationSettings().policy, stop=stop)

    _run(command)


@app.command()
def migrate() -> None:
    """Bring the database to the schema of this version. Safe to repeat, and to run from many places at once."""

    async def command(_stop: asyncio.Event) -> None:
        _broker, storage = _servers()
        await apply_migrations(str(storage.database_url), storage.retention_days)

    _run(command)
    typer.echo("The database has the schema of this version.")


@app.command()
def topics(
    *, check: Annotated[bool, typer.Option("--check", help="only say what is wrong; exit 1 if anything is")] = False
) -> None:
    """Create the topics that are missing."""

    async def command(_stop: asyncio.Event) -> tuple[list[str], list[str]]:
        broker, _storage = _servers()
        servers = str(broker.kafka_bootstrap_servers)
        created = [] if check else await create_topics(servers, broker)
        return created, await check_topics(servers, broker)

    created, faults = _run(command)
    for name in created:
        typer.echo(f"created {name}")
    for fault in faults:
        typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(1)
    typer.echo("All topics are there.")


@app.command()
def doctor(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="addresses of the running system, for scripts; exit 1 if none runs")
    ] = False,
) -> None:
    """Say what is wrong with this installation, and what to do about it."""
    settings = InstallationSettings()
    if as_json:
        _print_addresses(running(settings.data_dir) or RunningSystem())
        return
    findings = examine(settings.data_dir, settings.kafka_port)
    for each in findings:
        typer.echo(f"{'ok' if each.ok else '!!'}  {each.name}: {each.detail} {each.advice}".rstrip())
    faults = _server_faults()
    for fault in faults:
        typer.echo(f"!!  servers: {fault}")
    if faults or not all(each.ok for each in findings):
        raise typer.Exit(1)


def _print_addresses(system: RunningSystem) -> None:
    addresses = {
        "kafka": BrokerSettings().kafka_bootstrap_servers or system.kafka,
        "database": StorageSettings().database_url or system.database,
        "http": system.http,
    }
    typer.echo(json.dumps(addresses))
    if not all(addresses.values()):
        raise typer.Exit(1)


def _server_faults() -> list[str]:
    """What is wrong with the servers that run; nothing when none does."""

    async def command(_stop: asyncio.Event) -> list[str]:
        broker, storage = _servers()
        faults = await check_topics(str(broker.kafka_bootstrap_servers), broker)
        return faults + await check_database(str(storage.database_url), storage)

    try:
        return list(_run(command))
    except UnusableError:
        return []  # nothing runs, which is no fault
    except (BrokerError, StorageError) as exc:
        return [str(exc)]


def _log_as_json() -> None:
    """One JSON object a line on standard error, ours and the libraries' (theirs from warnings on)."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for ours in ("agents", "broker", "storage", "api", "admin", "connectors"):
        logging.getLogger(ours).setLevel(logging.INFO)


def main() -> None:
    """The command `conexoes`. What the user can put right is one sentence and exit code 1, never a traceback."""
    _log_as_json()
    try:
        app()
    except (UnusableError, EmbeddedError, BrokerError, StorageError) as exc:
        typer.echo(f"conexoes: {exc}", err=True)
        sys.exit(1)
    except ValidationError as exc:
        for error in exc.errors(include_url=False):
            name = "_".join(str(part) for part in error["loc"]).upper()
            typer.echo(f"conexoes: CONEXOES_{name}: {error['msg']}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
