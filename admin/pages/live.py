"""Server-sent events of a list page: rows on it have changed, new ones came, and the database goes on answering.

The stream has only their numbers; the page then loads itself again, so that there is one way to render a row. The
stream polls the page's own query, which an index answers, and does not see every write.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from admin.pages.logs import read_list
from admin.pages.paths import TYPE, TypeName, type_of
from admin.pages.route import PageRoute
from admin.pages.row_versions import RowVersions, changes, digest, versions
from admin.pages.view import View, read_view
from admin.pages.visitor import Member, OwnStream, visitor
from api.problems import ProblemError
from schemas.catalogue import IntegrationType
from storage.errors import StorageError

router = APIRouter(route_class=PageRoute, include_in_schema=False)
LOOK_SECONDS = 2.0
#: Share of the time that may be spent polling: a slow query is repeated less often.
BUSY_SHARE = 0.05
#: Longest interval of heartbeats: each says that the database has answered just now. A page that had none for 15 s says
#: so (admin/static/pages.js).
BEAT_SECONDS = 5.0
#: Shortest interval.
PAUSE_SECONDS = 0.05
#: Time within which the rows must come. PostgreSQL ends the query before; a database that hangs does not.
ANSWER_SECONDS = 12.0
#: Time after which the browser must connect again, so that a revoked key sees no more.
STREAM_SECONDS = 300.0


@router.get(f"{TYPE}/live")
async def live(request: Request, who: OwnStream, integration_type: TypeName) -> Response:
    """The stream of one view."""
    kind = type_of(integration_type)
    view = read_view(request.query_params, who.visitor.now, who.visitor.zone)
    stream = _events(request, who, kind, view)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _events(request: Request, who: Member, kind: IntegrationType, view: View) -> AsyncIterator[bytes]:
    stop: asyncio.Event = request.app.state.site.stop
    started = due = time.monotonic()
    shown: RowVersions | None = None
    yield b"retry: 3000\n\n"
    while time.monotonic() - started < STREAM_SECONDS:
        answers = await request.app.state.pulse.answers()
        try:
            if answers and (await visitor(request)).grant is None:
                return  # signed out, or the key was revoked
            if answers and time.monotonic() >= due:
                looked = time.monotonic()
                async with asyncio.timeout(ANSWER_SECONDS), request.app.state.places.one(who.account):
                    _view, found = await read_list(request, who, kind, view)
                rows = found["rows"]
                due = time.monotonic() + max(LOOK_SECONDS, (time.monotonic() - looked) / BUSY_SHARE)
                now = versions(rows)
                news = None if shown is None else changes(shown, now)
                if shown is None:
                    yield _event("ready", {"rows": digest(rows)})
                if news is not None:
                    yield _event("changed", news)
                shown = now
        except (StorageError, ProblemError, TimeoutError):
            return  # the browser connects anew, and shows meanwhile that what it has may be old
        # What proxies keep the stream open for, too.
        yield _event("beat" if answers else "silent", {})
        # Without an answer no look is taken, and `due` stays in the past.
        pause = min(BEAT_SECONDS, max(due - time.monotonic(), PAUSE_SECONDS)) if answers else BEAT_SECONDS
        try:
            await asyncio.wait_for(stop.wait(), pause)
            return
        except TimeoutError:
            pass


def _event(name: str, data: Mapping[str, int | str]) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"
