"""The ledger: every reprocess command with author and reason, and the outcome of each entity."""

from typing import Any, Literal, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from admin.cancellation import stop
from admin.pages.address import AUTOMATIC, MOST_LEFT_OUT, ByWhom, by_whom_pairs, query_of
from admin.pages.group_names import names_of_groups
from admin.pages.paths import ACCOUNT
from admin.pages.reprocess import Release
from admin.pages.route import PageRoute
from admin.pages.site import show
from admin.pages.view import View
from admin.pages.visitor import Member, OwnForm, OwnPage, need_operator
from api import listings
from api.export_order import must_export, order_of
from api.export_response import ExportResponse
from api.problems import ProblemError, not_found
from schemas.catalogue import BY_NAME
from schemas.command_id import is_command_id
from schemas.export import ExportRequest
from schemas.filter import LogFilter, ReprocessFilter
from schemas.item_state import FAILING_STATES, OPEN_ITEM_STATES, TO_SEND, UNSENT_STATES, VERDICTS, ItemState
from schemas.reprocess import ENDED_COMMAND_STATES, CommandState
from schemas.shown.command import ReprocessCommand
from storage.reprocess import reader as reprocess_reader

router = APIRouter(route_class=PageRoute, include_in_schema=False)
COMMANDS_A_PAGE = 25
ITEMS_A_PAGE = 100
Again = Literal["continue", "rest", "failing"]
#: States of items that are not sent, whoever asks.
_NEVER = (ItemState.NOT_REPROCESSABLE, ItemState.NOT_FOUND)
_REST = tuple(each for each in UNSENT_STATES if each not in _NEVER)
#: States of the items that a person may want to send again, by the name of the link.
AGAIN: dict[Again, tuple[ItemState, ...]] = {"continue": _REST, "rest": _REST, "failing": FAILING_STATES}
#: Limit of items whose logs are looked at for a link's number. Of more the number of items is shown, as a limit.
COUNTED = 10_000
#: States of items in the order of a command's page: what was sent in vain comes first.
IN_ORDER = (*FAILING_STATES, *(each for each in (*TO_SEND, *VERDICTS) if each not in FAILING_STATES))
#: Release of what is sent again, where its link says it.
_RELEASES: dict[Again, Release] = {"continue": "steps", "rest": "all"}
#: States in the bar of a command. Cancelled items are no part of its progress.
BAR = tuple(each for each in TO_SEND if each is not ItemState.CANCELLED)


class Offer(NamedTuple):
    """A link to the plan of what may be sent again."""

    what: Again
    logs: int
    at_most: bool = False  # so many, or fewer: they are too many to be looked at


@router.get(f"{ACCOUNT}/reprocess")
async def commands_page(
    request: Request, who: OwnPage, automatic: ByWhom = "false", page_token: str | None = None
) -> Response:
    """Show the commands of people, newest first; automatic ones, or all of them, if that is asked for."""
    reader, chosen = request.app.state.reader, AUTOMATIC[automatic]
    listing = listings.commands(who.account, chosen, COMMANDS_A_PAGE, page_token)
    commands = await reprocess_reader.list_commands(
        reader, who.account, after=listing.after, limit=listing.limit, automatic=chosen
    )
    left_out = 0
    if automatic == "false":
        left_out = await reprocess_reader.count_automatic_commands(reader, who.account, MOST_LEFT_OUT + 1)
    page = listing.page(commands, request, Response())
    asked = by_whom_pairs(automatic)
    token = [] if page_token is None else [("page_token", page_token)]
    return show(
        request,
        who.visitor,
        "commands.html",
        account=who.account,
        page="reprocess",
        commands=page,
        by_whom=automatic,
        address=lambda by_whom: f"/{who.account}/reprocess{query_of(by_whom_pairs(by_whom))}",
        here=f"/{who.account}/reprocess{query_of([*asked, *token])}",
        more="?" + "".join(f"{name}={value}&" for name, value in asked),
        left_out=left_out,
        most_left_out=MOST_LEFT_OUT,
        **_words(),
    )


@router.get(f"{ACCOUNT}/reprocess/{{command_id}}")
async def command_page(
    request: Request, who: OwnPage, command_id: str, state: ItemState | None = None, page_token: str | None = None
) -> Response:
    """Show one command: progress, author, reason, and the outcome of each entity."""
    return await _page(request, who, command_id, state=state, page_token=page_token)


@router.get(f"{ACCOUNT}/reprocess/{{command_id}}/items.{{file_format}}")
async def items_file(
    request: Request,
    who: OwnPage,
    command_id: str,
    file_format: Literal["csv", "jsonl"],
    state: ItemState | None = None,
) -> Response:
    """Return the items of a command as CSV or JSON Lines, as the query API does; of one state if one is given."""
    must_export(who.grant)
    command = await _command(request, who, command_id)
    asked = ExportRequest(
        account=who.account,
        integration_type=command.integration_type,
        format=file_format,
        language=who.visitor.language,
        timezone=who.visitor.zone.key,
    )
    order = order_of(request, who.grant, asked, command_id=command_id, item_state=state)
    return ExportResponse(request.app.state.exports, order)


@router.get(f"{ACCOUNT}/reprocess/{{command_id}}/again")
async def plan_again(request: Request, who: OwnPage, command_id: str, what: Again) -> Response:
    """Lead to the plan of what a command did not send (`rest`, or `continue` in steps), or sent in vain (`failing`).

    Its filter names the command, however many logs there are. Without any, the command is shown.
    """
    need_operator(who)
    command = await _command(request, who, command_id)
    kind = BY_NAME.get(command.integration_type)
    if kind is None:
        raise not_found()
    if not _items(command, what):
        return RedirectResponse(f"/{who.account}/reprocess/{command_id}", 303)
    wanted = LogFilter(failing_of=command_id) if what == "failing" else LogFilter(rest_of=command_id)
    release = _RELEASES.get(what)
    how = {"mode": command.mode} | ({"release": release} if release else {})
    return RedirectResponse(f"/{who.account}/{kind.name}/reprocess{View(filter=wanted).query()}&{urlencode(how)}", 303)


@router.post(f"{ACCOUNT}/reprocess/{{command_id}}/cancel")
async def cancel(request: Request, who: OwnPage, command_id: str, _fields: OwnForm) -> Response:
    """Cancel a command: items that were not sent never will be. One that can't be cancelled is shown with why, 409."""
    need_operator(who)
    await _command(request, who, command_id)
    by = who.name
    try:
        await stop(request.app, who.grant, who.account, command_id, requested_by=by, reason=None)
    except ProblemError as exc:
        if exc.status != 409:
            raise
        answer = await _page(request, who, command_id, refused=exc.kind)
        answer.headers.update(exc.headers or {})
        return answer
    return RedirectResponse(f"/{who.account}/reprocess/{command_id}", 303)


async def _page(
    request: Request,
    who: Member,
    command_id: str,
    *,
    state: ItemState | None = None,
    page_token: str | None = None,
    refused: str | None = None,
) -> Response:
    """Show a command. `refused`: why it could not be cancelled."""
    command = await _command(request, who, command_id)
    states = IN_ORDER if state is None else (state,)
    listing = listings.items_by_state(who.account, command_id, states, ITEMS_A_PAGE, page_token)
    items = await reprocess_reader.list_items_by_state(
        request.app.state.reader,
        who.account,
        command_id,
        states,
        after=listing.after_count_uuid,
        limit=listing.limit,
        evidence=who.grant.may_see_evidence,
    )
    page = listing.page(items, request, Response())
    finished = command.state in ENDED_COMMAND_STATES
    view = filter_view(command)
    return show(
        request,
        who.visitor,
        "command.html",
        status=409 if refused else 200,
        account=who.account,
        page="reprocess",
        command=command,
        kind=BY_NAME.get(command.integration_type),
        items=page,
        state=state,
        page_token=page_token,
        view=view,
        group_names={} if view is None else await names_of_groups(request, who, command.integration_type, view.filter),
        listed=None if view is None else _taken(view, command),
        finished=finished,
        moving=is_moving(command),
        refused=refused,
        may_export=who.grant.may_export,
        again=await _again(request, who, command) if finished else [],
        **_words(),
    )


async def _again(request: Request, who: Member, command: ReprocessCommand) -> list[Offer]:
    """Return the links that are about some log, each with the number of logs that have not succeeded since."""

    async def offer(what: Again) -> Offer:
        items = _items(command, what)
        if items > COUNTED:
            return Offer(what, items, at_most=True)
        if not items:
            return Offer(what, 0)
        reader = request.app.state.reader
        return Offer(what, await reprocess_reader.count_still_failing(reader, who.account, command.id, AGAIN[what]))

    rest = await offer("rest")
    in_steps = command.pace and command.pace.get("steps")
    found = [*([rest._replace(what="continue")] if in_steps else []), rest, await offer("failing")]
    return [each for each in found if each.logs]


def _items(command: ReprocessCommand, what: Again) -> int:
    """Count the items that a link is about.

    The rest of a command that was stopped is known when all of its items are made. Another one decides about all.
    """
    if what != "failing" and (command.state != CommandState.CANCELLED or command.materialising):
        return 0
    return sum(command.items.get(each, 0) for each in AGAIN[what])


def is_moving(command: ReprocessCommand) -> bool:
    """Return True when items can still change by themselves: a cancelled command awaits the answers to sent ones, and
    what it did not send is recorded.
    """
    if command.state not in ENDED_COMMAND_STATES or command.materialising:
        return True
    return any(command.items.get(state) for state in OPEN_ITEM_STATES)


def filter_view(command: ReprocessCommand) -> View | None:
    """Return the list with the command's filter; None for a command that names its logs, or has an unknown filter."""
    if command.filter is None:
        return None
    try:
        return View(filter=ReprocessFilter.model_validate(command.filter).filter)
    except ValidationError:
        return None


def _taken(view: View, command: ReprocessCommand) -> View:
    """Return the list of what the command's filter took: without the groups that were ignored."""
    return view.with_(exclude_fingerprint=(*view.filter.exclude_fingerprint, *command.ignored_groups))


def _words() -> dict[str, Any]:
    return {"bar": BAR, "types": BY_NAME}


async def _command(request: Request, who: Member, command_id: str) -> ReprocessCommand:
    if not is_command_id(command_id):
        raise not_found()
    command = await reprocess_reader.get_command(request.app.state.reader, who.account, command_id)
    if command is None:
        raise not_found()
    return command
