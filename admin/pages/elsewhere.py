"""The one place that knows what the branches `reprocess`, `groups` and `exports` bring, until they are merged here.

Each question has an answer without them: the page then does not offer it. After the merge, this module goes: its
callers import what it imports.
"""

from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from fastapi import FastAPI, Request, Response

from admin.pages.plan import Plan, Verdict
from api.problems import ProblemError
from schemas.filter import LogFilter
from schemas.reprocess import ItemState
from storage import reprocess_writer
from storage.access_keys import Grant

_WILL_SEND = "will_send"


def can_plan_filters() -> bool:
    """Whether everything that a filter matches can be reprocessed at once."""
    return find_spec("storage.reprocess_plan") is not None


async def plan_filter(request: Request, account: str, integration_type: str, filter_: LogFilter) -> tuple[Plan, Any]:
    """The plan of a filter, as a page shows it, and as the reprocess command wants it (`filter`, `as_of`, …)."""
    reprocess_filter = import_module("schemas.filter").ReprocessFilter
    meant = reprocess_filter(**dict(filter_), all=filter_ == LogFilter())
    made = await import_module("storage.reprocess_plan").plan(
        request.app.state.reader, account, integration_type, meant, policy=request.app.state.policy
    )
    verdicts = [
        Verdict(
            ItemState.QUEUED if name == _WILL_SEND else name,
            count,
            " ".join(made.reasons.get(name, [])) or None,
            made.samples.get(name, [])[:5],
        )
        for name, count in made.verdicts.items()
        if count
    ]
    return Plan(verdicts, made.total), made


def can_cancel() -> bool:
    """Whether a command that runs can be stopped."""
    return hasattr(reprocess_writer, "cancel")


async def cancel(request: Request, account: str, command_id: str, requested_by: str) -> None:
    """Stop a command: what was not sent will not be. Nothing happens to one that is over."""
    stop: Any = reprocess_writer
    async with request.app.state.writer.transaction() as connection:
        await stop.cancel(
            connection,
            account,
            command_id,
            requested_by=requested_by,
            reason=None,
            note=f"Cancelled by {requested_by}.",
        )


async def top_groups(
    request: Request, account: str, integration_type: str, filter_: LogFilter, limit: int
) -> list[Any]:
    """The groups of equal errors that most logs have, with their trend; none where they are not told apart yet."""
    if find_spec("storage.group_reader") is None:
        return []
    groups: list[Any] = await import_module("storage.group_reader").list_groups(
        request.app.state.reader,
        account,
        integration_type,
        filter_,
        now=datetime.now(UTC),
        after=None,
        limit=limit,
    )
    return groups


def can_export(app: FastAPI) -> bool:
    """Whether files are made in the background."""
    return hasattr(app.state, "jobs")


def may_export(grant: Grant) -> bool:
    """Whether the key may carry away what it sees."""
    return bool(getattr(grant, "may_export", True))


async def start_export(request: Request, grant: Grant, **asked: Any) -> str:
    """Begin a file. Returns the id of its job. Raises ProblemError."""
    order = import_module("schemas.export").ExportRequest.model_validate(asked)
    try:
        job = await request.app.state.jobs.start(import_module("api.exports").order_of(request, grant, order))
    except import_module("exports.errors").TooManyExports as exc:
        raise ProblemError(429, "too-many-exports", str(exc)) from None
    return str(job.id)


def export_file(path: Any, job: Any) -> Response:
    """The file of a job, to be saved."""
    responses: Any = import_module("fastapi.responses")
    answer: Response = responses.FileResponse(
        path, headers=import_module("api.exports").attachment(job, job.requested_at)
    )
    return answer
