"""Groups of equal errors: how many entities have one, since when, what helped, what to do about it."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api import listings
from api.authentication import FIRST, OwnAccount
from api.pages import Page
from api.parameters import ONCE, LogQuery, Type
from schemas.group import ErrorGroup
from schemas.playbook import Playbook
from storage.logs import groups as error_groups

router = APIRouter(prefix="/accounts/{account}", tags=["groups"], dependencies=FIRST)


@router.get("/{integration_type}/logs/groups", dependencies=ONCE)
async def list_groups(
    request: Request,
    response: Response,
    account: OwnAccount,
    integration_type: Type,
    query: Annotated[LogQuery, Query()],
) -> Page[ErrorGroup]:
    """What the list with the same filter shows, one entry for each different error: most logs first.

    The order is that of counts, and these change: a group that gets smaller while you walk the pages may come again,
    and one that grows may be passed over. Its fingerprint tells it.
    """
    listing = listings.groups(account, integration_type.name, query.filter, query.page_size, query.page_token)
    groups = await error_groups.list_groups(
        request.app.state.reader,
        account,
        integration_type.name,
        query.filter,
        now=datetime.now(UTC),
        after=listing.after_count,
        limit=listing.limit,
    )
    page = listing.page(groups, request, response)
    playbook: Playbook = request.app.state.playbook()
    return page.model_copy(
        update={"items": [explained(group, integration_type.name, playbook) for group in page.items]}
    )


def explained(group: ErrorGroup, integration_type: str, playbook: Playbook) -> ErrorGroup:
    """The group with what the playbook says of it."""
    entry = playbook.about(integration_type, group.affiliates[0], group.code, group.fingerprint)
    return group.model_copy(update={"playbook": entry})
