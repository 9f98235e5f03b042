"""Exports: everything that the filter matches as one file, and who exported what."""

import asyncio
import os
import re
import tempfile
import uuid
from collections.abc import Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Query, Request, Response
from starlette.types import Receive, Scope, Send

from api.authentication import FIRST, Caller, OwnAccount
from api.pages import Listing, Page
from api.parameters import ONCE, ExportQuery, PageQuery, Type
from api.problems import ProblemError
from exports.errors import CallerLeft, ExportFailed, TooManyExports
from exports.file import make_file
from exports.jobs.desk import ExportDesk
from exports.jobs.outcome import followed
from exports.ledger import write_items
from exports.names import file_name
from exports.stream import write_rows
from schemas.export import MEDIA_TYPES, Export, ExportFormat, ExportOrder, ExportRequest
from schemas.reprocess import ItemState
from storage.access_keys import Grant
from storage.errors import StorageError
from storage.exports.audit import list_exports as read_exports
from storage.exports.audit import record_order

router = APIRouter(prefix="/accounts/{account}", tags=["exports"], dependencies=FIRST)

RETRY_AFTER_SECONDS = "30"
_CHUNK_BYTES = 256 * 1024
#: Of a request; another Host is not repeated in links.
_BASE_URL = re.compile(r"https?://[A-Za-z0-9.\-]+(:[0-9]{1,5})?|https?://\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?")


@router.get("/exports", dependencies=ONCE)
async def list_exports(
    request: Request, response: Response, account: OwnAccount, query: Annotated[PageQuery, Query()]
) -> Page[Export]:
    """The audit, newest first: who exported what, by which filter, and how it ended. No line of it ever changes."""
    listing = Listing(f"exports\n{account}", query.page_size, query.page_token)
    desk: ExportDesk = request.app.state.exports
    found = await read_exports(desk.database, account, after=listing.after_uuid, limit=listing.limit)
    return listing.page(found, lambda export: (export.requested_at, export.id), request, response)


def must_export(grant: Grant) -> None:
    """403 when the key may only look."""
    if not grant.may_export:
        raise ProblemError(403, "not-permitted", "Your key may read, not export: it was made without --export.")


def order_of(
    request: Request,
    grant: Grant,
    asked: ExportRequest,
    *,
    command_id: str | None = None,
    item_state: ItemState | None = None,
) -> ExportOrder:
    """What the caller orders: logs, or the items of a command. 403 when the key may only look."""
    must_export(grant)
    desk: ExportDesk = request.app.state.exports
    try:
        base_url = str(request.base_url).rstrip("/")
    except ValueError:  # a Host that is none
        base_url = ""
    shown = base_url if _BASE_URL.fullmatch(base_url) else "http://localhost"
    return desk.order(asked, grant, shown, command_id=command_id, item_state=item_state)


def not_made(exc: TooManyExports | ExportFailed | TimeoutError) -> ProblemError:
    """429 with the limit that is met, 503 with why there is no file."""
    again = {"Retry-After": RETRY_AFTER_SECONDS}
    if isinstance(exc, TooManyExports):
        return ProblemError(429, "too-many-exports", str(exc), headers=again)
    return ProblemError(503, "export-failed", str(exc) or "The export took too long.", headers=again)


def attachment(order: ExportOrder | Export, at: datetime) -> dict[str, str]:
    """Headers of a file that is saved, not shown."""
    return {
        "Content-Type": MEDIA_TYPES[order.format],
        "Content-Disposition": f'attachment; filename="{file_name(order, at)}"',
    }


class ExportResponse(Response):
    """Makes the file while it answers.

    Nothing is sent before there is something to send, so that what can't begin is a problem document. What breaks
    later breaks the connection: neither a chunked body without its end nor one shorter than its Content-Length can be
    taken for a whole file.
    """

    def __init__(self, desk: ExportDesk, order: ExportOrder) -> None:
        super().__init__()
        self._desk = desk
        self._order = order

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        order, desk = self._order, self._desk
        if order.format != "xlsx" and scope["http_version"] == "1.0":
            raise ProblemError(426, "http-version", "HTTP/1.1 is needed: over HTTP/1.0 a cut file looks whole.")
        answer = _Answer(send, attachment(order, datetime.now(UTC)))
        export_id = uuid.uuid4()
        try:
            with desk.slots.one(order.account):
                await record_order(desk.database, export_id, order, seconds=desk.settings.export_seconds)
                async with followed(desk.database, order, export_id) as outcome:
                    making = self._workbook if order.format == "xlsx" else self._stream
                    async with asyncio.timeout(desk.settings.export_seconds):
                        outcome.rows = await _unless_left(making(answer), receive)
                        await answer.end()
        except CallerLeft:
            pass  # there is nobody to answer
        except TooManyExports as exc:
            raise not_made(exc) from None
        except (ExportFailed, StorageError, TimeoutError) as exc:
            if answer.begun:
                return  # without an end: the server closes the connection
            if isinstance(exc, StorageError):
                raise
            raise not_made(exc) from exc

    async def _stream(self, answer: "_Answer") -> int:
        if self._order.command_id is not None:
            return await write_items(self._desk.database, self._order, self._order.command_id, answer.write)
        seconds = self._desk.settings.export_seconds
        return await write_rows(self._desk.database, self._order, answer.write, seconds=seconds)

    async def _workbook(self, answer: "_Answer") -> int:
        seconds = self._desk.settings.export_seconds
        with tempfile.TemporaryDirectory(prefix="conexoes-export-") as directory:
            path = Path(directory) / "export.xlsx"
            rows = await make_file(self._desk.database, self._order, path, seconds=seconds, progress=lambda *_: None)
            await answer.file(path)
        return rows


class _Answer:
    """The answer as it goes out, its head with its first bytes."""

    def __init__(self, send: Send, headers: dict[str, str]) -> None:
        self._send = send
        self._headers = headers
        self.begun = False

    async def write(self, data: bytes) -> None:
        await self._begin()
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def file(self, path: Path) -> None:
        with await asyncio.to_thread(path.open, "rb") as file:
            self._headers["Content-Length"] = str(os.fstat(file.fileno()).st_size)
            while data := await asyncio.to_thread(file.read, _CHUNK_BYTES):
                await self.write(data)

    async def end(self) -> None:
        await self._begin()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _begin(self) -> None:
        if not self.begun:
            self.begun = True
            headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in self._headers.items()]
            await self._send({"type": "http.response.start", "status": 200, "headers": headers})


async def _unless_left(making: Coroutine[Any, Any, int], receive: Receive) -> int:
    """What `making` returns; CallerLeft, and an end to it, when the caller closes the connection."""
    work = asyncio.ensure_future(making)
    leaving = asyncio.create_task(_left(receive))
    try:
        await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        raise CallerLeft("The caller closed the connection before the end.")
    finally:
        for task in (work, leaving):
            task.cancel()
            with suppress(BaseException):
                await task


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def file_responses(*formats: ExportFormat) -> dict[int | str, dict[str, Any]]:
    """OpenAPI of a path that answers with a file."""
    return {
        200: {
            "description": "the file",
            "content": {
                MEDIA_TYPES[each].partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
                for each in formats
            },
        },
        403: {"description": "the key may read, not export"},
        426: {"description": "HTTP/1.1 is needed"},
        429: {"description": "too many exports, of this account or in all"},
    }


def _add_route(format_: ExportFormat) -> None:
    async def export_logs(
        request: Request,
        grant: Caller,
        account: OwnAccount,
        integration_type: Type,
        query: Annotated[ExportQuery, Query()],
    ) -> Response:
        """Everything that the filter matches, newest processing date first, as it was at one moment."""
        asked = ExportRequest(
            account=account,
            integration_type=integration_type.name,
            format=format_,
            filter=query.filter,
            language=query.language,
            timezone=query.timezone,
        )
        return ExportResponse(request.app.state.exports, order_of(request, grant, asked))

    router.add_api_route(
        f"/{{integration_type}}/logs/export.{format_}",
        export_logs,
        name=f"export_logs_{format_}",
        operation_id=f"export_logs_{format_}",
        dependencies=ONCE,
        response_class=Response,
        responses=file_responses(format_),
    )


for _format in get_args(ExportFormat):
    _add_route(_format)
