"""One status log: its details under a row or on a page of their own, its evidence, its timeline."""

import asyncio
import uuid
from collections.abc import Sequence
from typing import Literal, NamedTuple

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from admin.pages.actions import type_values
from admin.pages.advice import ShownError, shown
from admin.pages.changed import Changed, compare
from admin.pages.evidence import BEGINNING, Beginning, Evidence, lay_out, original
from admin.pages.paths import TYPE, TypeName, type_of
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.view import read_view
from admin.pages.visitor import Member, OwnPage
from api import listings
from api.playbook import error_of, playbook_for
from api.problems import not_found
from schemas.catalogue import IntegrationType
from schemas.fault import group_of, rank
from schemas.playbook import Playbook, PlaybookEntry
from schemas.policy import Policy
from schemas.shown.log import Attempt, Source, StatusLog, TimelineEntry
from schemas.storable import storable
from storage.logs.reader import FoundLog, LogReader
from storage.redrive import count_letters_of_log
from storage.slices import Slices, in_slices

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Side = Literal["request", "response", "as_it_came"]
TIMELINE_ENTRIES = 20
_MAX_SIBLINGS = 30
#: Limits of the details of a row, so that a page of many expanded rows stays small; the log's own page shows all.
ROW_CHARACTERS = 2_000  # of a message
ROW_ERRORS = 10
ROW_NAMES = 20
ROW_EVIDENCE = Beginning(lines=40, characters=4_000)
#: Limit of logs whose details are read from the database at once: each may hold 1 MiB.
_AT_ONCE = 8
#: Characters of two requests that are compared within a millisecond.
_QUICKLY_COMPARED = 20_000


class KnownError(NamedTuple):
    """One error of a result, with its group and what the playbook says of it."""

    told: ShownError
    fingerprint: str | None  # None: it has no message of its own, and is not the only one
    known: PlaybookEntry | None

    @property
    def is_less(self) -> bool:
        """True for what its severity calls less than an error."""
        return rank(self.told.severity) > 0


class Details(NamedTuple):
    """The details of a row."""

    log: StatusLog
    attempt: Attempt | None
    message: str | None
    aliases: dict[str, list[str]]
    sources: list[Source]
    errors: list[KnownError]  # gravest first
    known: PlaybookEntry | None  # what the playbook says of the log's own error, where none is listed
    request: Evidence | None
    response: Evidence | None
    as_it_came: Evidence | None  # what was altered
    changed: Changed | None  # in the request, since the last success
    correctable: bool  # fields of its request may be changed and sent again, by who may reprocess it
    cut: bool = False  # there are more errors or names, or more of a message: on the log's own page

    @property
    def names(self) -> list[str]:
        """The key and every alias."""
        return [self.log.key, *(value for values in self.aliases.values() for value in values)]


class Timeline(NamedTuple):
    """The timeline of one log, newest first."""

    entries: list[TimelineEntry]
    next_page_token: str | None


async def read_details(
    reader: LogReader,
    policy: Policy,
    playbook: Playbook,
    account: str,
    kind: IntegrationType,
    log_id: uuid.UUID,
    *,
    whole: bool,
) -> Details | None:
    """Return the details of one log, for a row unless `whole`; None when there is no such log.

    `playbook` has the entries of the account.
    """
    found = await reader.one(account, kind.name, log_id)
    if found is None:
        return None
    [changed] = await _changed(reader, account, [found])
    return await _details(policy, playbook, found, changed, whole=whole)


async def _details(
    policy: Policy, playbook: Playbook, found: FoundLog, changed: Changed | None, *, whole: bool
) -> Details:
    """Return the details of a log, with what changed in its request."""
    log, attempt = found.log, found.last_attempt
    rule = policy.for_(log.integration_type, log.affiliate)
    warning = log.status == "warning"
    errors = attempt.errors if attempt else ()
    told = [shown(each, reprocessable=rule.reprocessable, warning=warning) for each in errors]
    told.sort(key=lambda error: rank(error.severity))
    only = len(told) == 1
    looked_up = told if whole else told[: ROW_ERRORS + 1]  # one more, which says that there are more
    # A thousand of these take up to a second.
    known = await in_slices(lambda each: _known(playbook, log, attempt, each, only=only), looked_up)
    beginning = BEGINNING if whole else ROW_EVIDENCE
    details = Details(
        log=log,
        attempt=attempt,
        message=(attempt and attempt.message) or log.message,
        aliases=found.aliases,
        sources=found.sources,
        errors=known,
        known=None if known or log.status == "success" else playbook.about(error_of(log, attempt)),
        request=lay_out(attempt.request, beginning) if attempt else None,
        response=lay_out(attempt.response, beginning) if attempt else None,
        as_it_came=lay_out(attempt.as_it_came, beginning) if attempt else None,
        changed=changed,
        correctable=bool(rule.correctable and attempt and attempt.request),
    )
    return details if whole else _for_a_row(details)


async def _changed(reader: LogReader, account: str, logs: Sequence[FoundLog]) -> list[Changed | None]:
    """Return what changed in the request of each log since its last success, for whoever may see it."""
    now = {
        uuid.UUID(each.log.id): each.last_attempt
        for each in logs
        if each.log.status != "success" and each.last_attempt is not None and each.last_attempt.request is not None
    }
    before = await reader.last_successes(account, {log_id: each.processed_at for log_id, each in now.items()})
    found = {log_id: await _compared(success, now[log_id]) for log_id, success in before.items() if success.request}
    return [found.get(uuid.UUID(each.log.id)) for each in logs]


async def _compared(before: Attempt, now: Attempt) -> Changed | None:
    # A thread that computes takes turns of milliseconds from the event loop: only for what takes longer than that.
    if sum(len(each.request.text) for each in (before, now) if each.request) > _QUICKLY_COMPARED:
        return await asyncio.to_thread(compare, before, now)
    return compare(before, now)


def _for_a_row(details: Details) -> Details:
    """Return details that are short enough to stand among those of other rows."""
    message = details.message and details.message[:ROW_CHARACTERS]
    errors = [
        each._replace(told=each.told._replace(message=each.told.message[:ROW_CHARACTERS]))
        for each in details.errors[:ROW_ERRORS]
    ]
    names = [(name, value) for name, values in details.aliases.items() for value in values]
    aliases: dict[str, list[str]] = {}
    for name, value in names[:ROW_NAMES]:
        aliases.setdefault(name, []).append(value)
    cut = (message, errors, aliases) != (details.message, details.errors, details.aliases)
    return details._replace(message=message, errors=errors, aliases=aliases, cut=cut)


def _known(playbook: Playbook, log: StatusLog, attempt: Attempt | None, error: ShownError, *, only: bool) -> KnownError:
    """Say what is known of an error of the result that `log` shows. An error of a success is in no group."""
    fingerprint = log.fingerprint
    if log.status != "success" and not only:
        fingerprint = group_of(log.integration_type, log.affiliate, log.key, error)
    if not fingerprint:
        return KnownError(error, fingerprint, None)
    seen = error_of(log, attempt if only else None)._replace(
        code=error.code or None,
        fingerprint=fingerprint,
        message=error.message or (log.message if only else None),
        category=error.category or None,
    )
    known = playbook.about(seen)
    is_less = log.status == "warning" or rank(error.severity) > 0
    # Of what is less than an error only somebody who knows it can say more than its severity does.
    return KnownError(error, fingerprint, None if is_less and known and known.origin == "class" else known)


async def read_open(
    request: Request, who: Member, kind: IntegrationType, rows: Sequence[StatusLog]
) -> dict[str, Details]:
    """Return the details of some rows, by id."""
    if not rows:
        return {}
    reader, policy = who.reader(request), request.app.state.policy
    playbook = await playbook_for(request.app, who.account)
    details: dict[str, Details] = {}
    for place in range(0, len(rows), _AT_ONCE):
        some = [uuid.UUID(each.id) for each in rows[place : place + _AT_ONCE]]
        found = await reader.detailed(who.account, kind.name, some)
        changes = await _changed(reader, who.account, found)
        slices = Slices()  # of the work alone, not of the waits for the database
        for each, changed in zip(found, changes, strict=True):
            details[each.log.id] = await _details(policy, playbook, each, changed, whole=False)
            await slices.end_one()
    return details


async def read_timeline(
    request: Request, reader: LogReader, account: str, kind: IntegrationType, log_id: uuid.UUID, token: str | None
) -> Timeline:
    """Return a page of the timeline of one log. Raises the 404 problem when there is no such log."""
    listing = listings.timeline(account, kind.name, log_id, TIMELINE_ENTRIES, token)
    found = await reader.timeline(account, kind.name, log_id, after=listing.after, limit=listing.limit)
    if found is None:
        raise not_found()
    page = listing.page(found.entries, request, Response(), cut=found.cut)
    return Timeline([entry for _place, entry in page.items], page.next_page_token)


async def read_siblings(reader: LogReader, log: StatusLog) -> list[StatusLog]:
    """Return the logs with the same name on the other pages, and on other marketplaces."""
    found = await reader.search(log.account, log.key, _MAX_SIBLINGS)
    return [each for each in found if each.key == log.key and each.id != log.id]


@router.get(f"{TYPE}/logs/{{log_id}}")
async def log_page(
    request: Request, who: OwnPage, integration_type: TypeName, log_id: uuid.UUID, page_token: str | None = None
) -> Response:
    """Show one log: the part under its row for a script, else a page of its own. The rest of the query is the filter
    of the list that it is in.
    """
    template = "parts/detail.html" if request.headers.get("hx-request") else "log.html"
    return await _show_log(request, who, type_of(integration_type), log_id, page_token, template)


@router.get(f"{TYPE}/logs/{{log_id}}/timeline")
async def timeline_part(
    request: Request, who: OwnPage, integration_type: TypeName, log_id: uuid.UUID, page_token: str | None = None
) -> Response:
    """Show the timeline and the other pages of one log, for a row that was expanded without them."""
    return await _show_log(request, who, type_of(integration_type), log_id, page_token, "parts/timeline.html")


async def _show_log(
    request: Request, who: Member, kind: IntegrationType, log_id: uuid.UUID, page_token: str | None, template: str
) -> Response:
    view = read_view(request.query_params, who.visitor.now, who.visitor.zone)
    reader = who.reader(request)
    playbook = await playbook_for(request.app, who.account)
    is_whole = template == "log.html"
    details = await read_details(reader, request.app.state.policy, playbook, who.account, kind, log_id, whole=is_whole)
    if details is None:
        raise not_found()
    timeline, siblings, letters = await asyncio.gather(
        read_timeline(request, reader, who.account, kind, log_id, page_token),
        read_siblings(reader, details.log),
        count_letters_of_log(request.app.state.reader, who.account, log_id),
    )
    return show(
        request,
        who.visitor,
        template,
        **type_values(request, who, kind),
        view=view,
        row=details.log,
        detail=details,
        timeline=timeline,
        siblings=siblings,
        letters=letters,
    )


@router.get(f"{TYPE}/logs/{{log_id}}/evidence/{{side}}")
async def evidence_part(
    request: Request, who: OwnPage, integration_type: TypeName, log_id: uuid.UUID, side: Side, *, as_text: bool = False
) -> Response:
    """Show a piece of evidence completely: laid out for a script, else as it came."""
    kind = type_of(integration_type)
    found = await who.reader(request).one(who.account, kind.name, log_id)
    if found is None or found.last_attempt is None or (value := getattr(found.last_attempt, side)) is None:
        raise not_found()
    if as_text or not request.headers.get("hx-request"):
        headers = {"Content-Security-Policy": "default-src 'none'; sandbox"}
        return PlainTextResponse(storable(original(value)), headers=headers)
    return show(
        request,
        who.visitor,
        "parts/evidence.html",
        account=who.account,
        log=found.log,
        side=side,
        evidence=await asyncio.to_thread(lay_out, value, whole=True),
    )
