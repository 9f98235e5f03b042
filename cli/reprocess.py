"""`conexoes reprocess`: the plan, the command, sent to its topic as any backend would, and its progress."""

import asyncio
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pydantic import ValidationError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from api.plan import WILL_SEND, Plan, lacking_reason, plan_filter, plan_rows
from broker.publisher import Publisher
from broker.settings import BrokerSettings
from broker.structured import command_record
from cli.installation import UnusableError
from cli.json_option import say_nothing, to_json
from cli.numbers import many
from schemas.filter import ReprocessFilter
from schemas.item_state import OPEN_ITEM_STATES
from schemas.policy import Policy
from schemas.reasons.error import fault_of, reason_of
from schemas.reasons.say import say
from schemas.reprocess import ENDED_COMMAND_STATES, CommandState, ReprocessRequest
from schemas.shown.command import ReprocessCommand
from schemas.shown.plan import ReprocessPlan
from schemas.steps import Pace, default_steps
from schemas.timestamp import to_text
from schemas.words import word
from storage.database import Database
from storage.reprocess import affiliates
from storage.reprocess.cancellation import Cancellation, cancel_command
from storage.reprocess.reader import get_command
from storage.settings import StorageSettings

_LOOK_SECONDS = 0.5
#: Time after which agents that have not recorded a command are not running, or far behind.
_RECORDED_SECONDS = 30.0

#: Time between two lines of progress, where there is no terminal for a bar.
_LINE_SECONDS = 10.0

Say = Callable[[str], None]


class _Ready(NamedTuple):
    """A plan as lines of text, and the parts of it that the command takes."""

    lines: list[str]
    document: str  # the same as JSON
    total: int
    to_send: int
    asked: ReprocessRequest  # with the plan's own filter and `as_of`, where it has any


class Reprocess:
    """One command, from the plan to the ledger."""

    def __init__(
        self, broker: BrokerSettings, storage: StorageSettings, policy: Policy, say: Say, *, as_json: bool = False
    ) -> None:
        """`as_json`: say one JSON document, of what it ends with, and nothing else."""
        self._broker = broker
        self._storage = storage
        self._policy = policy
        self._document = say if as_json else say_nothing
        self._say = say_nothing if as_json else say

    async def run(
        self,
        asked: ReprocessRequest,
        stop: asyncio.Event,
        *,
        dry_run: bool,
        in_steps: bool = False,
        wait_seconds: float | None = None,
    ) -> bool:
        """Show the plan; unless `dry_run`, send the command and follow it. Returns False when it did not end well.

        `asked` has the rows, or the filter, which is replaced by the plan's with its `as_of`. `in_steps`: as large as
        the plan suggests. `stop` ends the following, not the command, and so does the end of `wait_seconds`, if given.
        Raises UnusableError.
        """
        reader = Database(self._storage.reader_url, "reader", self._storage, application_name="conexoes-cli")
        try:
            ready = await self._plan(reader, asked)
            for line in ready.lines:
                self._say(line)
            if dry_run:
                self._document(ready.document)
                return True
            command_id, meant = str(uuid.uuid4()), ready.asked
            if in_steps:
                pace = (asked.pace or Pace()).model_copy(update={"steps": default_steps(ready.to_send)})
                meant = meant.model_copy(update={"pace": pace})
            if lack := await lacking_reason(reader, self._policy, meant, seconds=None):
                raise UnusableError(f"{say(lack, 'en')} Say it with --reason.")
            await self._send(command_id, meant)
            self._say(f"command {command_id}")
            command = await self._follow(
                reader, asked.account, command_id, total=ready.total, stop=stop, wait_seconds=wait_seconds
            )
        finally:
            await reader.close()
        if command is None:
            self._document(to_json({"id": command_id, "account": asked.account, "state": CommandState.ACCEPTED}))
            self._say("The agents have not recorded it yet; it is done as soon as they do.")
            return False
        self._document(command.model_dump_json())
        for line in ledger_lines(command):
            self._say(line)
        if command.state not in ENDED_COMMAND_STATES:
            self._say("It goes on without this. To stop what is not sent yet:")
            self._say(f"  conexoes reprocess --account {asked.account} --cancel {command_id}")
        return command.state != "cancelled"

    async def cancel(self, account: str, command_id: str, requested_by: str, reason: str | None) -> None:
        """Cancel a command: no more of its items are claimed. Raises UnusableError when it can't be cancelled."""
        writer = Database(self._storage.writer_url, "writer", self._storage, application_name="conexoes-cli")
        try:
            done = await cancel_command(writer, account, command_id, requested_by=requested_by, reason=reason)
        finally:
            await writer.close()
        match done:
            case Cancellation.CANCELLED:
                self._document(to_json({"id": command_id, "account": account, "state": CommandState.CANCELLED}))
                self._say(f"cancelled {command_id}: what is not on its way yet will not be sent")
            case Cancellation.OVER:
                raise UnusableError(f"The command {command_id} is over: there is nothing left to cancel.")
            case Cancellation.NOT_RECORDED:
                raise UnusableError(f"The agents have not recorded the command {command_id} yet. Try again.")
            case Cancellation.UNKNOWN:
                raise UnusableError(f"There is no command {command_id} of {account} that the agents have recorded.")

    async def _plan(self, reader: Database, asked: ReprocessRequest) -> "_Ready":
        if asked.log_ids is not None:
            rows = await plan_rows(reader, asked.account, asked.integration_type, asked.log_ids, policy=self._policy)
            lines = list(rows_lines(asked.integration_type, rows))
            document = _rows_document(asked.integration_type, rows)
            return _Ready(lines, document, rows.total, rows.verdicts[WILL_SEND], asked)
        assert asked.filter is not None  # noqa: S101 - the model's own rule
        made = await plan_filter(reader, asked.account, asked.integration_type, asked.filter, policy=self._policy)
        planned = {"filter": ReprocessFilter.model_validate(made.filter), "as_of": made.as_of}
        meant = asked.model_copy(update=planned)
        unknown = await affiliates.without_logs(reader, asked.account, asked.filter.filter)
        lines = [*plan_lines(made), *(f"  no log of {asked.account} has the affiliate {each}" for each in unknown)]
        return _Ready(lines, made.model_dump_json(), made.total, made.verdicts[WILL_SEND], meant)

    async def _send(self, command_id: str, asked: ReprocessRequest) -> None:
        publisher = Publisher(str(self._broker.kafka_bootstrap_servers), security=self._broker.security)
        try:
            await publisher.publish(command_record(self._broker.topics, command_id, asked, datetime.now(UTC)))
        finally:
            await publisher.close()

    async def _follow(
        self,
        reader: Database,
        account: str,
        command_id: str,
        *,
        total: int,
        stop: asyncio.Event,
        wait_seconds: float | None,
    ) -> ReprocessCommand | None:
        """Return the command when it is over, when `stop` is set, or after `wait_seconds`; None when it was never
        recorded.
        """
        clock = asyncio.get_running_loop().time
        looked_since = clock()
        with _progress(total, self._say) as show:
            while not stop.is_set() and (wait_seconds is None or clock() < looked_since + wait_seconds):
                command = await get_command(reader, account, command_id)
                if command is not None:
                    show(command)
                    if command.state == "done" or (command.state == "cancelled" and not command.items.get("queued")):
                        break
                elif clock() - looked_since > _RECORDED_SECONDS:
                    break
                await asyncio.sleep(_LOOK_SECONDS)
        return await get_command(reader, account, command_id)


def asked_for(fields: Mapping[str, Any]) -> ReprocessRequest:
    """Return the request of the options; None was not given. Raises UnusableError, which names the option."""
    given = {name: value for name, value in fields.items() if value is not None}
    pace = {name: value for name, value in (fields["pace"] or {}).items() if value is not None}
    if "log_ids" not in given:
        filter_ = {name: value for name, value in fields["filter"].items() if value is not None}
        # Any time will do until there is a plan, whose own is used.
        given |= {"filter": filter_, "as_of": to_text(datetime.now(UTC))}
    try:
        return ReprocessRequest.model_validate({**given, "pace": pace or None})
    except ValidationError as exc:
        [error, *_] = exc.errors(include_url=False)
        path = [part for part in error["loc"] if isinstance(part, str)]
        name = (path[-1] if path else "").replace("_", "-")
        option = {"integration-type": "type", "per-second": "rate", "filter": ""}.get(name, name)
        sentence = fault_of(reason_of(option, error))
        raise UnusableError(f"--{option}: {sentence}" if option else sentence) from None


def plan_lines(planned: ReprocessPlan) -> Iterator[str]:
    """Yield a plan as lines for people."""
    yield f"{many(planned.total, 'log')} of {planned.integration_type}, as of {to_text(planned.as_of)}"
    if planned.ignored_logs:
        groups = many(len(planned.ignored_groups), "ignored group")
        yield f"  left out, in {groups}: {many(planned.ignored_logs, 'log')}; --ignored takes them"
    for affiliate, verdicts in planned.affiliates.items():
        yield f"  {affiliate}: {_counts(verdicts)}"
    for verdict, reasons in planned.reasons.items():
        for reason in reasons:
            yield f"  {_verdict(verdict)}: {say(reason, 'en')}"


def rows_lines(integration_type: str, planned: Plan) -> Iterator[str]:
    """Yield a plan of marked rows as lines for people."""
    yield f"{many(planned.total, 'marked log')} of {integration_type}"
    for verdict, count in planned.verdicts.items():
        if count:
            reasons = (say(each, "en") for each in planned.reasons.get(verdict, []))
            yield ": ".join([f"  {count} {_verdict(verdict)}", *reasons])


def _rows_document(integration_type: str, planned: Plan) -> str:
    """Return a plan of marked rows as JSON, with the names that a plan by filter has."""
    reasons = {verdict: [say(each, "en") for each in found] for verdict, found in planned.reasons.items()}
    return to_json(
        {
            "integration_type": integration_type,
            "total": planned.total,
            "verdicts": planned.verdicts,
            "affiliates": planned.affiliates,
            "reasons": reasons,
            "reason_required": planned.reason_required and say(planned.reason_required, "en"),
        }
    )


def ledger_lines(command: ReprocessCommand) -> Iterator[str]:
    """Yield the outcome of a command as lines for people."""
    state = command.ending.action if command.ending else command.state
    yield f"{word('command', state, 'en').lower()}: {many(command.total, 'item')}: {_counts(command.items)}"
    if command.note:
        yield f"  {say(command.note, 'en')}"
    if command.joined:
        yield f"  those that joined an earlier reprocess: {_counts(command.joined)}"
    if command.joined_since:
        yield f"  {command.joined_since} new failures match the filter since; they are not among these"


def _verdict(name: str) -> str:
    """The word for a verdict or an item's state, inside a line."""
    return word("verdict", name, "en", short=True).lower()


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {_verdict(name)}" for name, count in counts.items() if count) or "none"


def _lines(say: Callable[[str], None]) -> Callable[[ReprocessCommand], None]:
    """Return a function that says how far a command is: at each step, and each `_LINE_SECONDS` if that has changed."""
    said_at, step = time.monotonic(), 0
    counts: dict[str, int] = {}

    def show(command: ReprocessCommand) -> None:
        nonlocal said_at, step, counts
        is_step = bool(command.step and command.step != step and command.items.get("sent"))
        if is_step or (time.monotonic() > said_at + _LINE_SECONDS and command.items != counts):
            said_at, step, counts = time.monotonic(), command.step or 0, command.items
            where = f"step {command.step}" if command.step else command.state
            say(f"{where}: {_counts(command.items)}; waiting for the answers to what was sent")

    return show


@contextmanager
def _progress(total: int, say: Callable[[str], None]) -> Iterator[Callable[[ReprocessCommand], None]]:
    """Give a function that shows a command: as a bar, and where there is no terminal by lines."""
    if not sys.stderr.isatty():
        yield _lines(say)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[counts]}"),
    )
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task("accepted", total=total, counts="")

        def show(command: ReprocessCommand) -> None:
            open_ = sum(command.items.get(state, 0) for state in OPEN_ITEM_STATES)
            step = f", step {command.step}" if command.step else ""
            bar.update(
                task,
                description=f"{command.state}{step}",
                total=command.selected or total,
                completed=command.total - open_,
                counts=_counts(command.items),
            )

        yield show
