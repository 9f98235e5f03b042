"""Notifications of an account: channels, rules, maintenance windows, the log of messages, and who changed what."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from api import listings
from api.authentication import FIRST, OwnAccount
from api.pages import Page
from api.parameters import NONE, PageQuery, once_each
from api.problems import PAGED
from schemas.notification.message import MessageState
from schemas.shown.notification import ShownChange, ShownChannel, ShownMessage, ShownRule, ShownWindow
from storage.notifications import definitions

router = APIRouter(prefix="/accounts/{account}/notifications", tags=["notifications"], dependencies=FIRST)


class MessageQuery(PageQuery):
    """Parameters of a page of messages."""

    state: MessageState | None = None


@router.get("/channels", dependencies=NONE)
async def list_channels(request: Request, account: OwnAccount) -> Page[ShownChannel]:
    """Channels by name, each with its address masked. There is one page only."""
    return Page(items=await definitions.list_channels(request.app.state.reader, account), next_page_token=None)


@router.get("/rules", dependencies=NONE)
async def list_rules(request: Request, account: OwnAccount) -> Page[ShownRule]:
    """Rules by name: what is told, when, and to which channels. There is one page only."""
    return Page(items=await definitions.list_rules(request.app.state.reader, account), next_page_token=None)


@router.get("/windows", dependencies=NONE)
async def list_windows(request: Request, account: OwnAccount) -> Page[ShownWindow]:
    """Maintenance windows, in which nothing is told: the 50 that end last. There is one page only."""
    return Page(items=await definitions.list_windows(request.app.state.reader, account), next_page_token=None)


@router.get("/messages", dependencies=[Depends(once_each(()))], responses=PAGED)
async def list_messages(
    request: Request, response: Response, account: OwnAccount, query: Annotated[MessageQuery, Query()]
) -> Page[ShownMessage]:
    """The log of messages, newest first: what was sent, what waits, and what failed and why.

    Events out that were sent are not in it.
    """
    listing = listings.messages(account, query.state, query.page_size, query.page_token)
    after = listing.after_count
    found = await definitions.list_messages(
        request.app.state.reader,
        account,
        state=query.state,
        after=None if after is None else after[0],
        limit=listing.limit,
    )
    return listing.page(found, request, response)


@router.get("/changes", dependencies=NONE)
async def list_changes(request: Request, account: OwnAccount) -> Page[ShownChange]:
    """The last 50 changes of channels, rules and windows, with who made them. There is one page only."""
    return Page(items=await definitions.list_changes(request.app.state.reader, account), next_page_token=None)
