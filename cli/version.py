"""`conexoes --version`."""

from importlib import metadata
from typing import Annotated

import typer


def version() -> str:
    """Return the version of the installed package, which is that of pyproject.toml."""
    return metadata.version("conexoes")


def _say(asked: bool) -> None:  # noqa: FBT001 - typer calls it by position
    if asked:
        typer.echo(f"conexoes {version()}")
        raise typer.Exit


def options(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_say, is_eager=True, help="print the version and exit")
    ] = False,
) -> None:
    """Turn the results of connectors into status logs, and send failures back to be done again."""
