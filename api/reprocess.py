"""Reprocess commands, their items and their outcome."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from api import listings
from api.authentication import FIRST, Caller, OwnAccount
from api.export_order import must_export, order_of
from api.export_response import ExportResponse, file_responses
from api.pages import Page
from api.parameters import NONE, ONCE, CommandIdOfPath, CommandQuery, ItemQuery, LedgerQuery
from api.problems import PAGED, not_found
from schemas.export import ExportRequest
from schemas.shown.command import LedgerItem, ReprocessCommand
from storage.reprocess import reader as reprocess_reader

router = APIRouter(prefix="/accounts/{account}/reprocess", tags=["reprocess"], dependencies=FIRST)


@router.get("", dependencies=ONCE, responses=PAGED)
async def list_commands(
    request: Request, response: Response, account: OwnAccount, query: Annotated[CommandQuery, Query()]
) -> Page[ReprocessCommand]:
    """Commands, newest first, each with its items counted by state."""
    listing = listings.commands(account, query.automatic, query.page_size, query.page_token)
    commands = await reprocess_reader.list_commands(
        request.app.state.reader, account, after=listing.after, limit=listing.limit, automatic=query.automatic
    )
    return listing.page(commands, request, response)


@router.get("/{command_id}", dependencies=NONE)
async def get_command(request: Request, account: OwnAccount, command_id: CommandIdOfPath) -> ReprocessCommand:
    """One command: `accepted`, without items, until the agents have recorded it a moment later."""
    command = await reprocess_reader.get_command(request.app.state.reader, account, command_id)
    if command is None:
        raise not_found()
    return command


@router.get("/{command_id}/items", dependencies=ONCE, responses=PAGED)
async def list_items(
    request: Request,
    response: Response,
    grant: Caller,
    account: OwnAccount,
    command_id: CommandIdOfPath,
    query: Annotated[ItemQuery, Query()],
) -> Page[LedgerItem]:
    """The items of a command, one for each entity; only those in `state` if it is given."""
    listing = listings.items(account, command_id, query.state, query.page_size, query.page_token)
    after = listing.after_count_uuid
    items = await reprocess_reader.list_items(
        request.app.state.reader,
        account,
        command_id,
        state=query.state,
        after=after and after[1],
        limit=listing.limit,
        evidence=grant.may_see_evidence,
    )
    if items is None:
        raise not_found()
    return listing.page(items, request, response)


@router.get(
    "/{command_id}/items/export.{file_format}",
    response_class=Response,
    dependencies=ONCE,
    responses=file_responses("csv", "jsonl"),
)
async def export_items(
    request: Request,
    grant: Caller,
    account: OwnAccount,
    command_id: CommandIdOfPath,
    file_format: Literal["csv", "jsonl"],
    query: Annotated[LedgerQuery, Query()],
) -> Response:
    """Every item as CSV or JSON Lines, with its error before and after; only those in `state` if it is given.

    It is an export: it needs the right to export, counts against the limits, and is in the audit.
    """
    must_export(grant)
    command = await reprocess_reader.get_command(request.app.state.reader, account, command_id)
    if command is None:
        raise not_found()
    asked = ExportRequest(
        account=account, integration_type=command.integration_type, format=file_format, language=query.language
    )
    order = order_of(request, grant, asked, command_id=command_id, item_state=query.state)
    return ExportResponse(request.app.state.exports, order)
