"""`conexoes erase`."""

import asyncio
import sys
from typing import Annotated

import typer

from cli.erase import as_json, as_line, as_lines, erase, wanted_of
from cli.filter_options import STDIN, Account
from cli.installation import UnusableError
from cli.json_option import AsJson
from cli.owner import as_owner, with_owner
from cli.run import run
from schemas.erasure import Receipt
from storage.database import Database
from storage.erasure import list_receipts


def command(
    *,
    account: Account,
    key: Annotated[str | None, typer.Option(help=f"key of logs, of any type; {STDIN} reads it from stdin")] = None,
    alias: Annotated[str | None, typer.Option(help="alias of logs: its value, or NAME=VALUE")] = None,
    pattern: Annotated[str | None, typer.Option(help="text anywhere, in any case: a CPF, an e-mail, a token")] = None,
    reason: Annotated[str | None, typer.Option(help="reason; kept with the receipt")] = None,
    requested_by: Annotated[str | None, typer.Option("--by", help="who asked; by default the login name")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only count")] = False,
    receipts: Annotated[bool, typer.Option("--receipts", help="only list the receipts of the account")] = False,
    as_json_: AsJson = False,
) -> None:
    """Erase a person or an entity from everything that is stored here, and print a receipt.

    Logs that have it go whole; elsewhere it is replaced. Ctrl-C stops between two steps; run the same again to go on.
    """
    if receipts:
        for each in as_owner(lambda owner: list_receipts(owner, account)):
            typer.echo(as_json(each) if as_json_ else as_line(each))
        return
    wanted = wanted_of(account, {"key": key, "alias": alias, "pattern": pattern})
    why = reason or ("" if dry_run else _asked_reason())

    async def until(owner: Database, stop: asyncio.Event) -> Receipt:
        return await erase(
            owner,
            wanted,
            requested_by=requested_by,
            reason=why,
            dry_run=dry_run,
            say=lambda line: typer.echo(line, err=True),
            stopped=stop.is_set,
        )

    receipt = run(lambda stop: with_owner(lambda owner: until(owner, stop)))
    for line in [as_json(receipt)] if as_json_ else as_lines(receipt):
        typer.echo(line)
    if not dry_run and receipt.finished_at is None:
        raise typer.Exit(130)


def _asked_reason() -> str:
    if not sys.stdin.isatty():
        raise UnusableError("--reason is needed: it is kept with the receipt.")
    return str(typer.prompt("Reason", err=True))
