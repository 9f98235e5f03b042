"""`conexoes export`: a file made here, with progress on a terminal."""

import asyncio
import sys
import uuid
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from api.settings import ApiSettings
from cli.author import command_line_author
from cli.installation import UnusableError, storage_settings, system_here
from cli.playbook import playbook_of
from exports.errors import ExportFailed
from exports.file import make_file
from exports.jobs.outcome import followed
from exports.settings import ExportSettings
from schemas.catalogue import BY_NAME
from schemas.export import FORMATS, ExportOrder, ExportRequest
from schemas.reasons.code import ReasonCode
from schemas.reasons.error import reasons_of
from schemas.reasons.reason import Reason, own_words
from schemas.reasons.say import say
from storage.database import Database
from storage.exports.audit import record_order

T = TypeVar("T")


def request_of(out: Path, **fields: Any) -> ExportRequest:
    """Return the request for an export; the file's suffix gives the format. Raises UnusableError."""
    formats = FORMATS
    if out.suffix.removeprefix(".") not in formats:
        raise UnusableError(f"--out must end in .{', .'.join(formats)}: {out}")
    if not out.parent.is_dir():
        raise UnusableError(f"There is no directory {out.parent}.")
    if fields["integration_type"] not in BY_NAME:
        raise UnusableError(f"The integration type must be one of {', '.join(BY_NAME)}.")
    try:
        return ExportRequest.model_validate({**fields, "format": out.suffix.removeprefix(".")})
    except ValidationError as exc:
        raise UnusableError(say(reasons_of(exc)[0], "en")) from None


async def until(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Return the result of `work`. Once `stop` is set, cancel it and return None."""
    working, stopping = asyncio.ensure_future(work), asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not working.done():
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        return None
    return working.result()


async def export(request: ExportRequest, out: Path) -> int:
    """Make the file, with an entry in the audit like any other. Returns the number of logs in it.

    A file at `out` is replaced once the new one is complete, and not touched otherwise. Raises UnusableError without a
    database, ExportFailed, StorageError.
    """
    settings, storage = ExportSettings(), storage_settings()
    http = ApiSettings()
    order = ExportOrder(
        **dict(request),
        requested_by=command_line_author(),
        key_id=None,
        public_url=(settings.public_url or system_here().http or f"http://{http.http_host}:{http.http_port}").rstrip(
            "/"
        ),
    )
    database = Database(storage.reader_url, "reader", storage, application_name="conexoes-export")
    export_id = uuid.uuid4()
    try:
        await record_order(database, export_id, order, seconds=settings.export_seconds)
        async with followed(database, order, export_id) as outcome, asyncio.timeout(settings.export_seconds):
            with _bar() as progress:
                outcome.rows = await make_file(
                    database,
                    order,
                    out,
                    seconds=settings.export_seconds,
                    progress=progress,
                    playbook=playbook_of(http)(),
                    writer=settings.workbook_writer,
                )
        return outcome.rows
    except TimeoutError:
        raise ExportFailed(Reason(ReasonCode.EXPORT_TOO_LONG)) from None
    except OSError as exc:
        raise ExportFailed(own_words(f"{out}: {exc.strerror or exc}")) from exc
    finally:
        await database.close()


@contextmanager
def _bar() -> Iterator[Callable[[int, int, int], None]]:
    """Give a function that shows progress; it shows nothing where there is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _read, _written, _total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True) as bar:
        reading, writing = bar.add_task("read", total=None), bar.add_task("written", total=None)

        def show(read: int, written: int, total: int) -> None:
            bar.update(reading, completed=read, total=total)
            bar.update(writing, completed=written, total=total)

        yield show
