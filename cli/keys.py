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

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke access keys of the API.")
T = TypeVar("T")


async def with_owner(work: Callable[[Database], Awaitable[T]]) -> T:
    """Do `work` with the database in the owner's role."""
    settings = storage_settings()
    owner = Database(str(settings.database_url), "owner", settings)
    try:
        return await work(owner)
    finally:
        await owner.close()


def as_owner(work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `with_owner` to its end."""
    return asyncio.run(with_owner(work))


@app.command()
def create(
    account: Annotated[str, typer.Option(help=f"account whose logs it may read; '{EVERY_ACCOUNT}' is every account")],
    role: Annotated[
        Role, typer.Option(help="viewer reads, operator reprocesses too, admin has full access")
    ] = "viewer",
    name: Annotated[str, typer.Option(help="name in lists and in the audit")] = "",
    export: Annotated[
        bool | None,
        typer.Option(
            "--export/--no-export", help="may export logs that it may read; by default every role but viewer may"
        ),
    ] = None,
    evidence: Annotated[
        bool | None,
        typer.Option(
            "--evidence/--no-evidence",
            help="may see evidence: requests, responses, values of dead letters; by default every role but viewer may",
        ),
    ] = None,
) -> None:
    """Make a key and print it. It can't be shown again."""
    if account != EVERY_ACCOUNT and ACCOUNT.fullmatch(account) is None:
        raise UnusableError(f"--account must be 1 to 64 of a-z, 0-9 and '-', or '{EVERY_ACCOUNT}'.")
    typer.echo(
        as_owner(
            lambda owner: access_keys.create(owner, account, role, name, may_export=export, may_see_evidence=evidence)
        )
    )


@app.command("list")
def list_keys() -> None:
    """List every key, without its secret."""
    for each in as_owner(access_keys.list_all):
        state = f"revoked {each.revoked_at:%Y-%m-%d %H:%M}" if each.revoked_at else "valid"
        export = "export" if each.may_export else "no export"
        evidence = "evidence" if each.may_see_evidence else "no evidence"
        typer.echo(
            f"{each.id}  {each.account:<20}  {each.role:<8}  {export:<9}  {evidence:<11}  {state:<24}  {each.name}"
        )


@app.command()
def revoke(key_id: Annotated[uuid.UUID, typer.Argument(help="as `keys list` shows it")]) -> None:
    """Revoke a key. Processes that have it cached accept it for ten seconds more."""
    if not as_owner(lambda owner: access_keys.revoke(owner, key_id)):
        raise UnusableError(f"There is no valid key {key_id}.")
    typer.echo(f"revoked {key_id}")
