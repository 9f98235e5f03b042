"""Groups of equal errors: their size, since when they are seen, what helped, what to do."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from api import listings
from api.authentication import FIRST, Caller, OwnAccount
from api.evidence import with_evidence
from api.pages import Page
from api.parameters import NONE, LogQuery, Type, once_each
from api.playbook import playbook_for
from api.problems import PAGED, not_found
from schemas.filter import REPEATABLE, alone
from schemas.fingerprint import FINGERPRINT
from schemas.group import ErrorGroup
from schemas.group_filter import GROUP_REPEATABLE, GroupFilter
from schemas.playbook import Playbook, SeenError
from schemas.shown.why import WhyNow
from storage.logs import groups as error_groups
from storage.slices import in_slices
from storage.why.why import why_group

router = APIRouter(prefix="/accounts/{account}", tags=["groups"], dependencies=FIRST)
ONCE_OF_GROUPS = [Depends(once_each(REPEATABLE | GROUP_REPEATABLE))]


class GroupQuery(LogQuery, GroupFilter):
    """Parameters of a page of groups."""

    @property
    def wanted(self) -> GroupFilter:
        """The choice of groups alone, and their order."""
        return alone(GroupFilter, self)


@router.get("/{integration_type}/logs/groups", dependencies=ONCE_OF_GROUPS, responses=PAGED)
async def list_groups(
    request: Request,
    response: Response,
    account: OwnAccount,
    integration_type: Type,
    query: Annotated[GroupQuery, Query()],
) -> Page[ErrorGroup]:
    """One entry for each different error among the logs that the filter matches, by default the largest group first.

    Groups that are ignored come last. Counts change: while you walk the pages, a group that shrinks may come again, and
    one that grows may be missed. The fingerprint identifies a group.
    """
    listing = listings.groups(
        account, integration_type.name, query.filter, query.wanted, query.page_size, query.page_token
    )
    groups = await error_groups.list_groups(
        request.app.state.reader,
        account,
        integration_type.name,
        query.filter,
        now=datetime.now(UTC),
        after=listing.after_count,
        limit=listing.limit,
        wanted=query.wanted,
    )
    page = listing.page(groups, request, response)
    playbook = await playbook_for(request.app, account)
    items = await in_slices(lambda group: explained(group, integration_type.name, playbook), page.items)
    return page.model_copy(update={"items": items})


@router.get("/{integration_type}/logs/groups/{fingerprint}/why", dependencies=NONE, response_model=WhyNow)
async def why_group_now(
    request: Request, grant: Caller, account: OwnAccount, integration_type: Type, fingerprint: str
) -> Response:
    """Changes just before an error began, and what the results with it have in common. Read when it is asked.

    An error that has been known for more than two weeks began when it became more frequent. Extensions and requests are
    looked at only for a key with the right to evidence.
    """
    found = None
    if FINGERPRINT.fullmatch(fingerprint):
        found = await why_group(
            request.app.state.reader,
            account,
            integration_type.name,
            fingerprint,
            evidence=grant.may_see_evidence,
            now=datetime.now(UTC),
        )
    if found is None:
        raise not_found()
    return with_evidence(found)


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
