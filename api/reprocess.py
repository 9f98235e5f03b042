"""Reprocess commands: who asked for what, and what became of it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.authentication import FIRST, OwnAccount
from api.ledger import MEDIA_TYPES, Format, lines
from api.pages import Listing, Page
from api.parameters import NONE, ONCE, CommandIdOfPath, ItemQuery, PageQuery, StateQuery
from api.problems import not_found
from schemas.status_log import ReprocessCommand, ReprocessItem
from storage import reprocess_reader

router = APIRouter(prefix="/accounts/{account}/reprocess", tags=["reprocess"], dependencies=FIRST)


@router.get("", dependencies=ONCE)
async def list_commands(
    request: Request, response: Response, account: OwnAccount, query: Annotated[PageQuery, Query()]
) -> Page[ReprocessCommand]:
    """Commands, newest first, each with its items counted by state."""
    listing = Listing(f"commands\n{account}", query.page_size, query.page_token)
    commands = await reprocess_reader.list_commands(
        request.app.state.reader, account, after=listing.after, limit=listing.limit
    )
    return listing.page(commands, lambda command: (command.requested_at, command.id), request, response)


@router.get("/{command_id}", dependencies=NONE)
async def get_command(request: Request, account: OwnAccount, command_id: CommandIdOfPath) -> ReprocessCommand:
    """One command: `accepted`, without items, until the agents have recorded it a moment later."""
    command = await reprocess_reader.get_command(request.app.state.reader, account, command_id)
    if command is None:
        raise not_found()
    return command


@router.get("/{command_id}/items", dependencies=ONCE)
async def list_items(
    request: Request,
    response: Response,
    account: OwnAccount,
    command_id: CommandIdOfPath,
    query: Annotated[ItemQuery, Query()],
) -> Page[ReprocessItem]:
    """What the command did to each entity, by state if one is given."""
    listing = Listing(f"items\n{account}\n{command_id}\n{query.state}", query.page_size, query.page_token)
    after = listing.after_uuid
    items = await reprocess_reader.list_items(
        request.app.state.reader, account, command_id, state=query.state, after=after and after[1], limit=listing.limit
    )
    if items is None:
        raise not_found()
    return listing.page(items, lambda item: (item.created_at, item.id), request, response)


@router.get("/{command_id}/items/export.{file_format}", response_class=StreamingResponse, dependencies=ONCE)
async def export_items(
    request: Request,
    account: OwnAccount,
    command_id: CommandIdOfPath,
    file_format: Format,
    query: Annotated[StateQuery, Query()],
) -> StreamingResponse:
    """Every item as CSV or JSON Lines, with its error before and after; of one state if one is given."""
    reader = request.app.state.reader
    if await reprocess_reader.get_command(reader, account, command_id) is None:
        raise not_found()
    parts = reprocess_reader.all_items(reader, account, command_id, query.state)
    return StreamingResponse(
        lines(file_format, parts),
        media_type=MEDIA_TYPES[file_format],
        headers={"Content-Disposition": f'attachment; filename="reprocess-items.{file_format}"'},
    )
