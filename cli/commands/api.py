"""`conexoes api`."""

import uvloop

from cli.installation import InstallationSettings, storage_settings
from cli.run import run
from cli.serve_api import serve_api
from tracing.exporter import sending_spans


def command() -> None:
    """Serve the query API."""
    storage, policy = storage_settings(), InstallationSettings().policy
    with sending_spans("conexoes-api"):
        run(lambda stop: serve_api(storage, policy, stop), uvloop.new_event_loop)
