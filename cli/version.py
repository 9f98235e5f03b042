"""`conexoes --version`."""

from importlib import metadata
from typing import Annotated

import typer

from cli.json_option import to_json


def version() -> str:
    """Return the version of the installed package, which is that of pyproject.toml."""
    return metadata.version("conexoes")


def _say(context: typer.Context, asked: bool) -> None:  # noqa: FBT001 - typer calls it by position
    if asked:
        typer.echo(to_json({"version": version()}) if context.params["as_json"] else f"conexoes {version()}")
        raise typer.Exit


def options(
    *,
    # Eager, so that it is known where the other says something, whichever comes first.
    as_json: Annotated[bool, typer.Option("--json", is_eager=True, help="with --version: print JSON")] = False,
    _version: Annotated[bool, typer.Option("--version", callback=_say, help="print the version and exit")] = False,
) -> None:
    """Turn the results of connectors into status logs, and send failures back to be done again."""
    if as_json:
        raise typer.BadParameter("--json goes behind the command, or with --version.")
