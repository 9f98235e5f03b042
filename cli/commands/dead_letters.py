"""`conexoes dead-letters`: what was refused, published again or erased."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError

from api.letter_plan import plan_redrive
from broker.settings import BrokerSettings
from cli.author import login_name
from cli.filter_options import Account, Given, with_letter_filter
from cli.installation import UnusableError, storage_settings
from cli.json_option import AsJson
from cli.numbers import many
from schemas.letter_filter import LetterFilter
from schemas.reasons.error import fault_of, reasons_of
from schemas.reasons.say import say
from schemas.redrive import DEFAULT_PER_SECOND, EraseLettersRequest, RedriveRequest
from schemas.rereading import Rereading
from schemas.result import ACCOUNT
from schemas.shown.dead_letter import DeadLetterDetail, ShownDeadLetter
from schemas.shown.redrive import Redrive, RedrivePlan
from schemas.timestamp import to_text
from schemas.words import word
from storage.database import Database
from storage.dead_letters import Reach, count_dead_letters, get_dead_letter, get_value, list_dead_letters
from storage.letter_audit import Author
from storage.letter_changes import count_erasable, erase_letters
from storage.redrive import get_redrive, make_redrive, switch_redrive

app = typer.Typer(no_args_is_help=True, help="List, show, redrive and erase dead letters: records that were refused.")
T = TypeVar("T")
_LOOK_SECONDS = 0.5
SWITCHES: dict[str, Any] = {"pause": "paused", "resume": "resumed", "cancel": "cancelled"}

Nobody = Annotated[bool, typer.Option("--nobody", help="also those that name no account")]
Ids = Annotated[list[uuid.UUID] | None, typer.Argument(help="ids; without any, all that the filter matches")]
All = Annotated[bool, typer.Option("--all", help="take every dead letter of the account")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="only show what would be done")]
By = Annotated[str | None, typer.Option("--by", help="who asked; by default the login name")]
Why = Annotated[str | None, typer.Option(help="reason; kept with it")]


@app.command("list")
@with_letter_filter
def list_(
    *,
    account: Account,
    filter_: Given,
    nobody: Nobody = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="letters that are listed")] = 50,
    counts: Annotated[bool, typer.Option("--counts", help="only count them, by code, topic and state")] = False,
    as_json: AsJson = False,
) -> None:
    """List the dead letters that a filter matches, newest first."""
    reach, chosen = _reach(account, nobody=nobody), _filter(filter_)
    if counts:
        counted = _run("reader", lambda reader: count_dead_letters(reader, reach, chosen))
        typer.echo(counted.model_dump_json() if as_json else "\n".join(_count_lines(counted.model_dump())))
        return
    found = _run("reader", lambda reader: list_dead_letters(reader, reach, chosen, after=None, limit=limit))
    for each in found:
        typer.echo(each.model_dump_json() if as_json else _line(each))


@app.command()
def show(
    *,
    letter_id: Annotated[uuid.UUID, typer.Argument(help="as `list` shows it")],
    account: Account,
    nobody: Nobody = False,
    value: Annotated[bool, typer.Option("--value", help="print the value alone, every byte as it came")] = False,
    as_json: AsJson = False,
) -> None:
    """Show one dead letter: reasons, record key, headers, value, and what became of it."""
    reach = _reach(account, nobody=nobody)
    if value:
        typer.echo(_there(_run("reader", lambda reader: get_value(reader, reach, letter_id)), letter_id), nl=False)
        return
    letter = _there(_run("reader", lambda reader: get_dead_letter(reader, reach, letter_id)), letter_id)
    typer.echo(letter.model_dump_json() if as_json else "\n".join(_lines(letter)))


@app.command()
@with_letter_filter
def redrive(
    *,
    ids: Ids = None,
    account: Account,
    filter_: Given,
    everything: All = False,
    nobody: Nobody = False,
    dry_run: DryRun = False,
    rate: Annotated[int, typer.Option(help="letters a second, at most")] = DEFAULT_PER_SECOND,
    reason: Why = None,
    requested_by: By = None,
    pause: Annotated[uuid.UUID | None, typer.Option(help="id of a redrive to pause")] = None,
    resume: Annotated[uuid.UUID | None, typer.Option(help="id of a redrive to resume")] = None,
    cancel: Annotated[uuid.UUID | None, typer.Option(help="id of a redrive to cancel: no more of it is sent")] = None,
    as_json: AsJson = False,
) -> None:
    """Read dead letters with today's rules, publish those that would become results, and follow them.

    Ctrl-C ends the following, not the redrive.
    """
    by = requested_by or login_name()
    for action, redrive_id in (("pause", pause), ("resume", resume), ("cancel", cancel)):
        if redrive_id is not None:
            switched = _switch(account, redrive_id, action, Author(by, reason))
            typer.echo(switched.model_dump_json() if as_json else f"{SWITCHES[action]} {redrive_id}")
            return
    more = {"requested_by": by, "reason": reason, "per_second": rate, "dry_run": dry_run}
    asked = _choice(RedriveRequest, account, ids, filter_, everything=everything, **more)
    broker = BrokerSettings()
    rereading, reach = Rereading(broker.topics, broker.sources), _reach(account, nobody=nobody)
    plan = _run("reader", lambda reader: plan_redrive(reader, reach, asked, rereading))
    if dry_run:
        typer.echo(plan.model_dump_json() if as_json else "\n".join(_plan_lines(plan)))
        return
    if not as_json:
        typer.echo("\n".join(_plan_lines(plan)))

    async def go(writer: Database) -> Redrive:
        made = await make_redrive(
            writer, reach, asked, Author(by, asked.reason), topics=rereading.topics, as_of=plan.as_of
        )
        return await _followed(writer, reach, made)

    done = _run("writer", go)
    typer.echo(done.model_dump_json() if as_json else f"redrive {done.id}: {_states(done)}")
    if done.state != "done":
        raise typer.Exit(1)


@app.command()
@with_letter_filter
def erase(
    *,
    ids: Ids = None,
    account: Account,
    filter_: Given,
    everything: All = False,
    nobody: Nobody = False,
    dry_run: DryRun = False,
    reason: Why = None,
    requested_by: By = None,
    as_json: AsJson = False,
) -> None:
    """Erase the bytes of dead letters: value, record key, headers, edits. Who erased how many, and why, is kept."""
    by = requested_by or login_name()
    if not (reason or dry_run):
        raise UnusableError("--reason is needed: it is kept.")
    more = {"requested_by": by, "reason": reason or "-", "dry_run": dry_run}
    asked = _choice(EraseLettersRequest, account, ids, filter_, everything=everything, **more)
    reach = _reach(account, nobody=nobody)
    if dry_run:
        letters = _run("reader", lambda reader: count_erasable(reader, reach, asked))
    else:
        letters = _run("writer", lambda writer: erase_letters(writer, reach, asked, Author(by, reason)))
    done = {"account": account, "letters": letters, "dry_run": dry_run}
    said = f"{many(letters, 'dead letter')} {'would be erased' if dry_run else 'erased'}"
    typer.echo(json.dumps(done) if as_json else said)


async def _followed(writer: Database, reach: Reach, redrive_id: uuid.UUID) -> Redrive:
    """Return the redrive when all is sent and read, or when it was paused or cancelled."""
    while True:
        found = await get_redrive(writer, reach, redrive_id)
        assert found is not None  # noqa: S101 - it was just made, and is kept for ever
        if found.state != "running" and not (found.state == "done" and found.items.get("sent")):
            return found
        await asyncio.sleep(_LOOK_SECONDS)


def _switch(account: str, redrive_id: uuid.UUID, action: str, author: Author) -> Redrive:
    to, reach = SWITCHES[action], _reach(account, nobody=False)

    async def go(writer: Database) -> Redrive | None:
        switched = await switch_redrive(writer, account, redrive_id, to, author)
        return await get_redrive(writer, reach, redrive_id) if switched else None

    if (found := _run("writer", go)) is None:
        raise UnusableError(f"The redrive {redrive_id} of {account} is not there, or can't be {to} now.")
    return found


def _run(role: Any, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `work` with the database in a role."""

    async def run() -> T:
        settings = storage_settings()
        url = settings.reader_url if role == "reader" else settings.writer_url
        database = Database(url, role, settings, application_name="conexoes-cli")
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def _reach(account: str, *, nobody: bool) -> Reach:
    if ACCOUNT.fullmatch(account) is None:
        raise UnusableError("--account must be 1 to 64 of a-z, 0-9 and '-'.")
    return Reach(account, every_account=nobody, evidence=True)


def _filter(given: Given) -> LetterFilter:
    try:
        return LetterFilter.model_validate(given)
    except ValidationError as exc:
        raise _unusable(exc) from None


def _choice(
    kind: Callable[..., T], account: str, ids: list[uuid.UUID] | None, given: Given, *, everything: bool, **more: Any
) -> T:
    if ids and (given or everything):
        raise UnusableError("Give ids or a filter, not both.")
    if not (ids or given or everything):
        raise UnusableError("Give ids or a filter; --all takes every dead letter of the account.")
    chosen = {"ids": tuple(ids)} if ids else {"filter": _filter(given), "all": everything}
    try:
        return kind(account=account, **chosen, **more)
    except ValidationError as exc:
        raise _unusable(exc) from None


def _unusable(exc: ValidationError) -> UnusableError:
    first = reasons_of(exc)[0]
    names = [part for part in str(first.parameters.get("field", "")).split(".") if not part.isdigit()]
    option = (names[-1] if names else "").replace("_", "-")
    option = {"per-second": "rate"}.get(option, option)
    return UnusableError(f"--{option}: {fault_of(first)}" if option else fault_of(first))


def _there(found: T | None, letter_id: uuid.UUID) -> T:
    if found is None:
        raise UnusableError(f"There is no dead letter {letter_id} of this account.")
    return found


def _line(letter: ShownDeadLetter) -> str:
    place = f"{letter.topic}/{letter.partition}/{letter.offset}"
    return f"{letter.id}  {to_text(letter.received_at)}  {letter.state:<8}  {letter.code:<18}  {place}  " + say(
        letter.reason, "en"
    )


def _lines(letter: DeadLetterDetail) -> Iterator[str]:
    yield _line(letter)
    for each in letter.reasons:
        at = "" if each.place is None else f"   (characters {each.place.start} to {each.place.end} of the value)"
        yield f"  {say(each.reason, 'en')}{at}"
    yield f"key: {letter.key if letter.key_base64 is None else f'base64 {letter.key_base64}'}"
    for header in letter.headers or ():
        yield f"{header.name}: {header.value if header.base64 is None else f'base64 {header.base64}'}"
    if letter.log_id is not None:
        yield f"became a result of the log {letter.log_id}"
    if letter.again_id is not None:
        yield f"was refused again as {letter.again_id}"
    for edit in letter.edits:
        yield f"edit {edit.number} by {edit.requested_by}, {to_text(edit.edited_at)}: {edit.reason or ''}"
        yield "too long to be compared" if edit.too_long else edit.difference or ""
    yield ""
    yield letter.value or ""


def _count_lines(counts: dict[str, Any]) -> Iterator[str]:
    yield many(counts["total"], "dead letter")
    for name in ("by_code", "by_topic", "by_state"):
        for value, letters in counts[name].items():
            yield f"  {value:<40}{letters:>10,}"


def _plan_lines(plan: RedrivePlan) -> Iterator[str]:
    yield f"{many(plan.matched, 'dead letter')}, as of {to_text(plan.as_of)}: {plan.redrivable:,} can be redriven"
    if plan.read < plan.redrivable:
        yield f"  the oldest {plan.read:,} were read"
    yield f"  {plan.would_be_stored:,} would become results"
    for each in plan.still_refused:
        yield f"  {each.letters:,} would still be refused, and are not sent: {word('code', each.code, 'en')}"
        for sample in each.samples:
            yield f"    {sample.id}  {say(sample.reason, 'en')}"
    for state, letters in plan.left_out.items():
        yield f"  {letters:,} left out: {word('letter', state, 'en').lower()}"
    if plan.reason is not None:
        yield f"    {say(plan.reason, 'en')}"


def _states(redrive_: Redrive) -> str:
    states = redrive_.items.items()
    counted = ", ".join(f"{count:,} {word('redriven', state, 'en').lower()}" for state, count in states)
    return f"{word('redrive', redrive_.state, 'en').lower()}: {counted or 'nothing to send'}"
