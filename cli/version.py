"""`conexoes --version`."""

from importlib import metadata
from typing import Annotated

import typer


def version() -> str:
    """The version of the installed package, as pyproject.toml has it."""
    return metadata.version("conexoes")


def _say(asked: bool) -> None:  # noqa: FBT001 - typer calls it by position
    if asked:
        typer.echo(f"conexoes {version()}")
        raise typer.Exit


def options(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_say, is_eager=True, help="print the version, and end")
    ] = False,
) -> None:
    """Turn the results of connectors into status logs, and send failures back to be done again."""
