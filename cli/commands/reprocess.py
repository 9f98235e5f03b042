"""`conexoes reprocess`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.author import login_name
from cli.filter_options import Account, Given, Type, with_filter
from cli.installation import InstallationSettings, UnusableError, broker_settings, storage_settings
from cli.json_option import AsJson
from cli.marked import marked_rows
from cli.reprocess import Reprocess, asked_for
from cli.run import run as run_until_stopped


@with_filter
def command(
    *,
    account: Account,
    integration_type: Type = None,
    filter_: Given,
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
    as_json: AsJson = False,
) -> None:
    """Reprocess the logs that a filter matches or a workbook marks, and follow the command.

    Ctrl-C ends the following, not the command, and so does --wait: it says how to cancel what is not sent yet.
    """
    by = requested_by or login_name()
    run = Reprocess(broker_settings(), storage_settings(), InstallationSettings().policy, typer.echo, as_json=as_json)
    if cancel is not None:
        run_until_stopped(lambda _stop: run.cancel(account, cancel, by, reason))
        return
    marked = None
    if from_file is not None:
        if filter_ or everything:
            raise UnusableError("--from-file: the rows are those that are marked; give no filter with it.")
        path = from_file
        marked = run_until_stopped(lambda _stop: marked_rows(path, account, integration_type))
        integration_type = marked.integration_type
    asked = asked_for(
        {
            "account": account,
            "integration_type": integration_type,
            "requested_by": by,
            "reason": reason,
            "mode": mode,
            "filter": {**filter_, "all": everything, "ignored": ignored} if marked is None else None,
            "log_ids": None if marked is None else marked.log_ids,
            "pace": None if rate is None else {"per_second": rate},
            "not_before": not_before,
            "when_back": when_back,
        }
    )
    if not run_until_stopped(
        lambda stop: run.run(asked, stop, dry_run=dry_run, in_steps=steps, wait_seconds=wait_seconds)
    ):
        raise typer.Exit(1)
