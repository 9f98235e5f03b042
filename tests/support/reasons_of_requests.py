"""A request, or what a handler answers it with, for every reason why one is refused."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI, Request
from starlette.types import Message

from admin import affiliates, body, cancellation, commands, dead_letters, events, kept_file
from admin.events import EventsRefused
from admin.form_body import read_form
from admin.json_body import read_json
from admin.pages import languages, people, route, visitor
from admin.upload import read_upload
from api import authentication, edge, export_response, fairness, log_listing, page_token, parameters, problems
from api.problems import NO_EVIDENCE, ProblemError
from exports.errors import TooManyExports
from exports.jobs.desk import ExportDesk
from exports.jobs.slots import Limit, Slots
from exports.settings import ExportSettings
from schemas.export import ExportOrder
from schemas.filter import LogFilter
from schemas.reasons.code import ReasonCode as Code
from schemas.reasons.reason import Reason
from schemas.refusal import DeadLetterCode, Refusal
from schemas.rereading import Rereading
from schemas.role import Role
from schemas.topics import Topics
from storage.access_keys import Grant
from storage.database import Database
from storage.redrive import LETTER_ERASED, RESULT_ERASED
from storage.settings import StorageSettings

FORM = "application/x-www-form-urlencoded"
WITH_FILE = "multipart/form-data; boundary=b"
NOW = datetime(2026, 11, 29, tzinfo=UTC)
HERE = FastAPI()
HERE.state.site = SimpleNamespace(public_host="")


def of(problem: ProblemError) -> Reason:
    [only] = problem.reasons
    return only


def refused(ask: Callable[[], Any]) -> Reason:
    with pytest.raises(ProblemError) as raised:
        ask()
    return of(raised.value)


def _asked(answer: Callable[[], Awaitable[Any]]) -> Reason:
    """Return why a handler refuses; in a thread, since the caller may be in a loop of its own."""

    async def run() -> None:
        await answer()

    with ThreadPoolExecutor(1) as thread:
        return refused(lambda: thread.submit(asyncio.run, run()).result())


def request(content: bytes = b"", query: str = "", **headers: str) -> Request:
    """Return a request with such a body; nothing more comes after it."""

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    return Request(_scope(query=query, headers=headers), receive)


def _scope(path: str = "/", query: str = "", headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in (headers or {}).items()]
    return {
        "type": "http",
        "method": "POST",
        "http_version": "1.1",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": raw,
        "app": HERE,
    }


def _not_for(role: Role, key: authentication.AccessKey) -> Reason:
    """Return why `key` refuses who has this role."""
    here = FastAPI()

    async def granted(_secret: str) -> Grant:
        return Grant("acme", role, "k", may_export=False, may_see_evidence=False, key_id=uuid.uuid4())

    here.state.authenticator = SimpleNamespace(grant=granted)
    return _asked(lambda: key(Request({**_scope(headers={"authorization": "Bearer k"}), "app": here})))


def _at_the_edge(**scope: Any) -> Reason:
    problem = edge._unusable(_scope(**scope))
    assert problem is not None
    return of(problem)


def _too_slow() -> Reason:
    async def receive() -> Message:
        await asyncio.sleep(10)
        raise AssertionError("longer than it may take")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(body, "BODY_SECONDS", 0.01)
        return _asked(lambda: body.read_bytes(Request(_scope(), receive), "body"))


def _of_file_over_http_1_0() -> Reason:
    order = ExportOrder(
        account="acme",
        integration_type="price",
        format="csv",
        filter=LogFilter(),
        requested_by="o",
        key_id=None,
        public_url="http://here",
    )
    answer = export_response.ExportResponse(_desk(), order)
    return _asked(lambda: answer({"http_version": "1.0"}, request().receive, _nowhere))


async def _nowhere(_message: Any) -> None:
    raise AssertionError("nothing is sent")


def _never_redriven(topic: str) -> Reason:
    reason = Rereading(Topics(), None).reason_against(topic)
    assert reason is not None
    return reason


def _desk() -> ExportDesk:
    return ExportDesk(Database("postgresql://nowhere", "reader", StorageSettings()), ExportSettings())


def _full(slots: Slots, accounts: Callable[[], str]) -> Reason:
    """Take places until there are none."""
    with pytest.raises(TooManyExports) as raised:
        while True:
            slots.take(accounts())
    return raised.value.reason


def _one_too_many_files() -> Reason:
    with pytest.raises(TooManyExports) as raised:
        Limit(1, Code.TOO_MANY_FILES).check(1)
    return raised.value.reason


def _nobody() -> visitor.Visitor:
    return visitor.Visitor(
        session=None,
        grant=None,
        language="en",
        locale=languages.locale("en", ""),
        zone=ZoneInfo("UTC"),
        columns=None,
        paging="pages",
        theme="auto",
        now=datetime.now(UTC),
    )


REQUESTS: Mapping[Code, Callable[[], Reason]] = {
    Code.NO_VALID_KEY: lambda: of(authentication.unauthenticated()),
    Code.NOT_FOUND: lambda: _asked(lambda: parameters.log_id("x")),
    Code.TYPE_NOT_FOUND: lambda: _asked(lambda: parameters.integration_type("prices")),
    Code.ADDRESS_RESERVED: lambda: of(route.reserved()),
    Code.METHOD_NOT_ALLOWED: lambda: of(problems.method_not_allowed(["GET"])),
    Code.OPERATOR_NEEDED: lambda: refused(
        lambda: authentication.need_operator(
            Grant("acme", "viewer", "v", may_export=False, may_see_evidence=False, key_id=uuid.uuid4())
        )
    ),
    Code.FORM_OF_ANOTHER_SESSION: lambda: refused(lambda: visitor.need_own_form(request(), _nobody(), "x")),
    Code.FROM_ANOTHER_SITE: lambda: refused(lambda: visitor.refuse_foreign(request(sec_fetch_site="cross-site"))),
    Code.URL_TOO_LONG: lambda: _at_the_edge(path="/" * (edge.MAX_URL_BYTES + 1)),
    Code.ONE_HOST_HEADER: _at_the_edge,
    Code.RANGE_NOT_IN_FILE: lambda: of(kept_file.range_not_in_file({})),
    Code.HTTP_1_1_NEEDED: _of_file_over_http_1_0,
    Code.CONTENT_ENCODING: lambda: _asked(
        lambda: read_json(request(content_type="application/json", content_encoding="gzip"))
    ),
    Code.BODY_TOO_LARGE: lambda: _asked(lambda: body.read_bytes(request(bytes(body.MAX_BODY_BYTES + 1)), "body")),
    Code.BODY_TOO_SLOW: _too_slow,
    Code.FORM_UNREADABLE: lambda: _asked(lambda: read_form(request(b"%ff=", content_type=FORM))),
    Code.FILE_MISSING: lambda: _asked(
        lambda: read_upload(request(b"--b--", content_type=WITH_FILE), "workbook", Path("none"), 10)
    ),
    Code.GIVEN_TWICE: lambda: _asked(lambda: parameters.once_each(())(request(query="q=a&q=b"))),
    Code.PARAMETER_UNKNOWN: lambda: _asked(lambda: parameters.no_parameters(request(query="q=a"))),
    Code.NOT_SEARCHABLE: lambda: of(problems.not_searchable()),
    Code.NOT_OF_THIS_LIST: lambda: refused(lambda: page_token.decode("list", "x")),
    Code.SORT_TOO_MANY: lambda: of(log_listing.not_sorted(312_480, is_known=True)),
    Code.SORT_TOO_MANY_FOUND: lambda: of(log_listing.not_sorted(None, is_known=True)),
    Code.SORT_NOT_TOLD: lambda: of(log_listing.not_sorted(None, is_known=False)),
    Code.IDEMPOTENCY_KEY_NEEDED: lambda: _asked(
        lambda: commands.request_reprocess(
            request(), Grant("*", "admin", "a", may_export=True, may_see_evidence=True, key_id=None)
        )
    ),
    Code.IDEMPOTENCY_KEY_USED: lambda: of(commands.key_was_used()),
    Code.TOO_MANY_REQUESTS: lambda: of(fairness.too_many()),
    Code.CONNECTOR_NEEDED: lambda: _not_for("viewer", authentication.poster),
    Code.CONNECTOR_ONLY_POSTS: lambda: _not_for("connector", authentication.caller),
    Code.EVENT_REFUSED: lambda: of(
        EventsRefused([(1, Refusal(DeadLetterCode.JSON, Reason(Code.NOT_JSON, detail="d", position=0)))])
    ),
    Code.EVENTS_NOT_TAKEN: lambda: of(events.not_taken()),
    Code.TOO_MANY_EVENTS: lambda: of(problems.too_often("too-many-events", Code.TOO_MANY_EVENTS, 0.5)),
    Code.TOO_MANY_COMMANDS: lambda: of(problems.too_often("too-many-commands", Code.TOO_MANY_COMMANDS, 0.5)),
    Code.TOO_MANY_WRONG_KEYS: lambda: of(problems.too_often("too-many-keys", Code.TOO_MANY_WRONG_KEYS, 0.5)),
    Code.NO_DATABASE_NOW: lambda: of(problems.unavailable()),
    Code.DONE_NOT_KNOWN: lambda: of(problems.unavailable("POST")),
    Code.COMMAND_NOT_QUEUED: lambda: of(commands.not_taken(Code.COMMAND_NOT_QUEUED)),
    Code.COMMAND_NOT_KNOWN: lambda: of(commands.not_taken(Code.COMMAND_NOT_KNOWN)),
    Code.COMMAND_NOT_RECORDED: lambda: cancellation.NOT_RECORDED,
    Code.ADMIN_NEEDED: lambda: refused(
        lambda: authentication.admin_of(
            Grant("acme", "operator", "k", may_export=True, may_see_evidence=True, key_id=None), "acme"
        )
    ),
    Code.CONNECTOR_NOT_BOUND: lambda: refused(
        lambda: people.read_new_key({"name": "n", "role": "connector", "invite": "1"})
    ),
    Code.EVIDENCE_NOT_SEEN: lambda: NO_EVIDENCE,
    Code.LETTER_ERASED: lambda: Reason.from_json(LETTER_ERASED),
    Code.LETTER_NOT_WAITING: lambda: dead_letters.NOT_WAITING,
    Code.LETTER_EDITS_FULL: lambda: dead_letters.NO_MORE_EDITS,
    Code.NOT_A_RESULTS_TOPIC: lambda: _never_redriven("gone"),
    Code.COMMAND_NOT_REDRIVEN: lambda: _never_redriven(Topics().commands),
    Code.CONNECTOR_NOT_READ: lambda: _never_redriven(Topics().results("price", "gone")),
    Code.RESULT_ERASED: lambda: Reason.from_json(RESULT_ERASED),
    Code.REDRIVE_OVER: lambda: dead_letters.NOT_OF_THIS_STATE.of(state="done"),
    Code.PAUSE_OVER_ALREADY: lambda: refused(lambda: affiliates.must_last(NOW, NOW)),
    Code.COMMAND_DONE: lambda: cancellation.DONE,
    Code.UNEXPECTED: lambda: of(problems.unexpected(request())),
    Code.TOO_MANY_EXPORTS: lambda: _full(_desk().slots, lambda: "acme"),
    Code.TOO_MANY_EXPORTS_IN_ALL: lambda: _full(_desk().slots, lambda: uuid.uuid4().hex),
    Code.TOO_MANY_UPLOADS: lambda: _full(_desk().readings, lambda: "acme"),
    Code.TOO_MANY_UPLOADS_IN_ALL: lambda: _full(_desk().readings, lambda: uuid.uuid4().hex),
    Code.TOO_MANY_FILES: _one_too_many_files,
}
