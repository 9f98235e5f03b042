"""The playbook of an account: its entries, and how much of what fails they explain."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response

from api import listings
from api.authentication import FIRST, OwnAccount
from api.pages import Page
from api.parameters import NONE, PageQuery, once_each
from api.problems import PAGED
from schemas.filter import alone
from schemas.playbook import Playbook, SeenError, WrittenEntries
from schemas.shown.log import Attempt, StatusLog
from schemas.shown.playbook import COVERED_DAYS, Coverage, ListedEntry, PlaybookFilter, coverage
from storage.playbook import count_faults, list_own

router = APIRouter(prefix="/accounts/{account}/playbook", tags=["playbook"], dependencies=FIRST)


class PlaybookQuery(PlaybookFilter, PageQuery):
    """Parameters of a page of entries."""

    @property
    def filter(self) -> PlaybookFilter:
        """The filter alone."""
        return alone(PlaybookFilter, self)


async def playbook_for(app: FastAPI, account: str) -> Playbook:
    """Return the playbook with the account's own entries, as they are now."""
    playbook: Playbook = app.state.playbook()
    return playbook.with_own(WrittenEntries(each.entry for each in await list_own(app.state.reader, account)))


def error_of(log: StatusLog, attempt: Attempt | None) -> SeenError:
    """Return the error that stands for a log: with the answer, where it is the only one and the caller may see it."""
    error = SeenError(
        log.integration_type,
        log.affiliate,
        code=log.code,
        fingerprint=log.fingerprint,
        message=log.message,
        category=log.category,
    )
    return error if attempt is None or log.errors > 1 else error.with_answer(attempt.response)


async def list_entries(app: FastAPI, account: str, filter_: PlaybookFilter) -> list[ListedEntry]:
    """Return the entries that a filter selects, in the order of the list."""
    playbook: Playbook = app.state.playbook()
    own = (
        ListedEntry.of(
            each.entry,
            "own",
            id=str(each.id),
            changed_by=each.changed_by,
            changed_with=each.changed_with,
            changed_at=each.changed_at,
        )
        for each in await list_own(app.state.reader, account)
    )
    file = (ListedEntry.of(each, "file") for each in playbook.file)
    shipped = (ListedEntry.model_construct(**vars(each.entry())) for each in playbook.shipped)
    found = [each for origin in (own, file, shipped) for each in origin if filter_.matches(each)]
    return sorted(found, key=lambda each: each.place)


async def read_coverage(app: FastAPI, account: str) -> Coverage:
    """Return how much of what failed in the last days the playbook explains."""
    since = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=COVERED_DAYS)
    counts = await count_faults(app.state.reader, account, since=since)
    playbook = await playbook_for(app, account)
    # A thousand look-ups take up to a second, in which others are answered.
    return await asyncio.to_thread(coverage, playbook, since, counts.faults, counts.results)


@router.get("", dependencies=[Depends(once_each(()))], responses=PAGED)
async def list_playbook(
    request: Request, response: Response, account: OwnAccount, query: Annotated[PlaybookQuery, Query()]
) -> Page[ListedEntry]:
    """Knowledge about errors: entries of this account, then of the installation, then those that are shipped.

    An error is explained by the first of them that is about it. The classes of errors that nobody knows are not listed.
    """
    listing = listings.playbook(account, query.filter, query.page_size, query.page_token)
    entries = await list_entries(request.app, account, query.filter)
    after = listing.after_count
    rest = [each for each in entries if after is None or each.place > after]
    return listing.page(rest[: listing.limit], request, response)


@router.get("/coverage", dependencies=NONE)
async def get_coverage(request: Request, account: OwnAccount) -> Coverage:
    """Share of the errors of the last 7 days that is explained, and counts by where the explanation is from.

    The 1,000 most frequent faults are looked at; what only rarer ones say counts as unknown.
    """
    return await read_coverage(request.app, account)
