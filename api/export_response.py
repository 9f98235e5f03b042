"""The answer to a request for an export: the file, or the problem."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import Response
from starlette.types import Receive, Scope, Send

from api.fairness import WAIT_SECONDS, release_places
from api.problems import ProblemError, problem_responses
from api.streaming import StreamedAnswer, through_file, unless_left
from exports.errors import CallerLeft, ExportFailed, TooManyExports
from exports.file import make_file
from exports.jobs.desk import ExportDesk
from exports.jobs.outcome import explain
from exports.ledger import write_items
from exports.names import file_name
from exports.stream import write_rows
from schemas.export import MEDIA_TYPES, Export, ExportFormat, ExportOrder
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from storage.errors import StorageError
from storage.slices import Slices

RETRY_AFTER_SECONDS = "30"


class ExportResponse(Response):
    """Makes the file while it answers.

    The head is sent with the first bytes, so that a failure before them is a problem document. A later failure closes
    the connection: a chunked body without its end, or one shorter than its Content-Length, can't be taken for a whole
    file.
    """

    def __init__(self, desk: ExportDesk, order: ExportOrder) -> None:
        super().__init__()
        self._desk = desk
        self._order = order

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        order = self._order
        if order.format != "xlsx":
            need_chunks(scope)
        answer = StreamedAnswer(send, attachment(order, datetime.now(UTC)))
        making = self._workbook if order.format == "xlsx" else self._stream
        with failing_as_told(answer):
            release_places(scope)  # exports have a limit of their own, and this one may take minutes
            async with self._desk.one(order, wait_seconds=WAIT_SECONDS) as outcome:
                outcome.rows = await unless_left(making(answer), receive)
                await answer.end()

    async def _stream(self, answer: StreamedAnswer) -> int:
        if self._order.command_id is not None:
            return await write_items(self._desk.database, self._order, self._order.command_id, answer.write)
        seconds = self._desk.settings.export_seconds
        make = partial(write_rows, self._desk.database, self._order, seconds=seconds)
        return await through_file(make, answer.write, rest=Slices().end_one)

    async def _workbook(self, answer: StreamedAnswer) -> int:
        settings = self._desk.settings
        with tempfile.TemporaryDirectory(prefix="conexoes-export-") as directory:
            path = Path(directory) / "export.xlsx"
            rows = await make_file(
                self._desk.database,
                self._order,
                path,
                seconds=settings.export_seconds,
                progress=lambda *_: None,
                playbook=self._desk.playbook(),
                writer=settings.workbook_writer,
            )
            await answer.file(path)
        return rows


@contextmanager
def failing_as_told(answer: StreamedAnswer) -> Iterator[None]:
    """Turn the failure of an export into a problem, or once its answer has begun into an answer without an end.

    The server closes the connection of such a one. For a caller who left there is nobody to answer.
    """
    try:
        yield
    except CallerLeft:
        pass
    except TooManyExports as exc:
        raise not_made(exc) from None
    except (ExportFailed, StorageError, OSError) as exc:
        if answer.begun:
            return
        if isinstance(exc, StorageError):
            raise
        raise not_made(exc) from exc


def need_chunks(scope: Scope) -> None:
    """Raise a 426 problem for HTTP/1.0, where a body without its end looks whole."""
    if scope["http_version"] == "1.0":
        raise ProblemError(426, "http-version", Reason(ReasonCode.HTTP_1_1_NEEDED))


def attachment(order: ExportOrder | Export, at: datetime) -> dict[str, str]:
    """Headers of a file that the browser saves and does not show."""
    return {
        "Content-Type": MEDIA_TYPES[order.format],
        "Content-Disposition": f'attachment; filename="{file_name(order, at)}"',
    }


def not_made(exc: TooManyExports | ExportFailed | OSError) -> ProblemError:
    """The problem of a failed export: 429 with the limit that was reached, or 503 with the reason."""
    again = {"Retry-After": RETRY_AFTER_SECONDS}
    if isinstance(exc, TooManyExports):
        return ProblemError(429, "too-many-exports", exc.reason, headers=again)
    return ProblemError(503, "export-failed", explain(exc)[1], headers=again)


def file_content(*media_types: str) -> dict[str, Any]:
    """OpenAPI of a file of one of these types."""
    return {each.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}} for each in media_types}


def file_responses(*formats: ExportFormat) -> dict[int | str, dict[str, Any]]:
    """OpenAPI of a path that answers with a file."""
    return {
        200: {"description": "the file", "content": file_content(*(MEDIA_TYPES[each] for each in formats))},
        **problem_responses(
            (403, "the key does not allow exporting"),
            (426, "HTTP/1.1 is needed"),
            (429, "too many exports at once, of this account or in all"),
        ),
    }
