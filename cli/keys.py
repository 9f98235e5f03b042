"""`conexoes keys`: access keys of the API."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from cli.installation import UnusableError, storage_settings
from schemas.result import ACCOUNT
from schemas.role import Role
from storage import access_keys
from storage.access_keys import EVERY_ACCOUNT
from storage.database import Database

app = typer.Typer(no_args_is_help=True, help="Access keys of the API: made, listed, revoked.")
T = TypeVar("T")


def _as_owner(work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        settings = storage_settings()
        owner = Database(str(settings.database_url), "owner", settings)
        try:
            return await work(owner)
        finally:
            await owner.close()

    return asyncio.run(run())


@app.command()
def create(
    account: Annotated[str, typer.Option(help=f"whose logs it opens; '{EVERY_ACCOUNT}' is every account")],
    role: Annotated[
        Role, typer.Option(help="viewer reads, operator reprocesses too, admin may do everything")
    ] = "viewer",
    name: Annotated[str, typer.Option(help="to know it by")] = "",
    export: Annotated[
        bool | None,
        typer.Option("--export/--no-export", help="may export what it may read; unless said, a viewer may not"),
    ] = None,
) -> None:
    """Make a key and print it. It can't be shown again."""
    if account != EVERY_ACCOUNT and ACCOUNT.fullmatch(account) is None:
        raise UnusableError(f"--account must be 1 to 64 of a-z, 0-9 and '-', or '{EVERY_ACCOUNT}'.")
    typer.echo(_as_owner(lambda owner: access_keys.create(owner, account, role, name, may_export=export)))


@app.command("list")
def list_keys() -> None:
    """Every key, without its secret."""
    for each in _as_owner(access_keys.list_all):
        state = f"revoked {each.revoked_at:%Y-%m-%d %H:%M}" if each.revoked_at else "valid"
        export = "export" if each.may_export else "no export"
        typer.echo(f"{each.id}  {each.account:<20}  {each.role:<8}  {export:<9}  {state:<24}  {each.name}")


@app.command()
def revoke(key_id: Annotated[uuid.UUID, typer.Argument(help="as `keys list` shows it")]) -> None:
    """End a key. Processes that know it already take it for ten seconds more."""
    if not _as_owner(lambda owner: access_keys.revoke(owner, key_id)):
        raise UnusableError(f"There is no valid key {key_id}.")
    typer.echo(f"revoked {key_id}")
