"""Groups of equal errors: their size, since when they are seen, what helped, what to do."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api import listings
from api.authentication import FIRST, OwnAccount
from api.pages import Page
from api.parameters import ONCE, LogQuery, Type
from api.playbook import playbook_for
from api.problems import PAGED
from schemas.group import ErrorGroup
from schemas.playbook import Playbook, SeenError
from storage.logs import groups as error_groups

router = APIRouter(prefix="/accounts/{account}", tags=["groups"], dependencies=FIRST)


@router.get("/{integration_type}/logs/groups", dependencies=ONCE, responses=PAGED)
async def list_groups(
    request: Request,
    response: Response,
    account: OwnAccount,
    integration_type: Type,
    query: Annotated[LogQuery, Query()],
) -> Page[ErrorGroup]:
    """One entry for each different error among the logs that the filter matches, the largest group first.

    Groups are in the order of counts, and counts change: while you walk the pages, a group that shrinks may come again,
    and one that grows may be missed. The fingerprint identifies a group.
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
    playbook = await playbook_for(request.app, account)
    return page.model_copy(
        update={"items": [explained(group, integration_type.name, playbook) for group in page.items]}
    )


def explained(group: ErrorGroup, integration_type: str, playbook: Playbook) -> ErrorGroup:
    """Return the group with the playbook's entry for it."""
    error = SeenError(
        integration_type,
        group.affiliates[0],
        code=group.code,
        fingerprint=group.fingerprint,
        message=group.sample.message,
        category=group.category,
    )
    return group.model_copy(update={"playbook": playbook.about(error)})
