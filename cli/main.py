"""The command line: its commands, and what an error of theirs looks like."""

import sys

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from api.errors import AddressUnusableError
from broker.errors import BrokerError
from cli.installation import UnusableError
from cli.lazy_group import LazyGroup
from cli.logs import log_as_json
from cli.settings_errors import sentences
from cli.version import options
from embedded.errors import EmbeddedError
from exports.errors import ExportFailed
from schemas.playbook import BadPlaybookError
from storage.errors import StorageError
from tracing.exporter import TracingUnusable

app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.callback()(options)


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
