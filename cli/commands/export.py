"""`conexoes export`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.export import export, request_of, until
from cli.filter_options import Account, Given, Type, with_filter
from cli.json_option import AsJson, to_json
from cli.numbers import many
from cli.run import run
from schemas.catalogue import Language


@with_filter
def command(
    *,
    out: Annotated[Path, typer.Option(help="the file; its name ends in .xlsx, .csv or .jsonl")],
    account: Account,
    integration_type: Type = None,
    filter_: Given,
    language: Annotated[Language, typer.Option()] = "en",
    timezone: Annotated[str, typer.Option(help="tz database name")] = "UTC",
    as_json: AsJson = False,
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
    rows = run(lambda stop: until(stop, export(request, out)))
    if rows is None:
        typer.echo("conexoes: cancelled; nothing was written", err=True)
        raise typer.Exit(130)
    typer.echo(to_json({"logs": rows, "file": out}) if as_json else f"{many(rows, 'log')}: {out}")
