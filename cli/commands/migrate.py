"""`conexoes migrate`."""

import asyncio

import typer

from cli.installation import storage_settings
from cli.json_option import AsJson, to_json
from cli.run import run
from cli.version import version
from storage.logins import make_logins
from storage.migrate import migrate
from storage.retention_floors import set_floors
from storage.schema_version import newest


def command(*, as_json: AsJson = False) -> None:
    """Bring the database to the schema of this version. Safe to repeat, and to run several times at once."""
    storage = storage_settings()
    url, passwords = str(storage.database_url), storage.login_passwords

    async def bring(_stop: asyncio.Event) -> None:
        await migrate(url, storage.retention_days)
        await set_floors(url, storage)
        await make_logins(url, {login: password.get_secret_value() for login, password in passwords.items()})

    run(bring)
    said = "The database has the schema of this version."
    typer.echo(to_json({"version": version(), "schema": newest()}) if as_json else said)
