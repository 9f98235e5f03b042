"""`conexoes admin`."""

import uvloop

from admin.session import Sessions
from api.settings import ApiSettings
from cli.installation import InstallationSettings, broker_settings, storage_settings
from cli.kept import notification_settings, session_secret
from cli.run import run
from cli.serve_admin import serve_admin
from tracing.exporter import sending_spans


def command() -> None:
    """Serve the pages and the query API, and take reprocess commands."""
    settings = InstallationSettings()
    broker, storage = broker_settings(), storage_settings()
    sessions = Sessions(session_secret(settings.data_dir, ApiSettings().session_secret))
    told = notification_settings(settings.data_dir)
    with sending_spans("conexoes-admin"):
        run(
            lambda stop: serve_admin(broker, storage, settings.policy, sessions, stop, notifications=told),
            uvloop.new_event_loop,
        )
