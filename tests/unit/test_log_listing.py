"""Pages of logs in any order: a token leads on and back, is of one order only, and what it says is never a surprise."""

import base64
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import orjson
import pytest
from fastapi import Request, Response
from hypothesis import given
from hypothesis import strategies as st

from api.log_listing import LogListing
from api.page_token import encode
from api.parameters import ListQuery
from api.problems import ProblemError
from schemas.explanation import MAX_CODE_CHARACTERS
from schemas.filter import LogFilter
from schemas.log_sort import MOVING, LogSort, value_of
from schemas.shown.log import StatusLog
from storage.cursors import LogCursor, Walk
from storage.logs.reader import ListedLogs

SORTS = get_args(LogSort)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WALK = Walk(NOW, NOW - timedelta(microseconds=1))
FILTER = LogFilter(status=("error",))
EXAMPLE: dict[str, Any] = StatusLog.model_config["json_schema_extra"]["examples"][0]  # type: ignore[index, assignment]


def request() -> Request:
    return Request({"type": "http", "method": "GET", "path": "/logs", "query_string": b"", "headers": []})


def log(number: int, **changes: Any) -> StatusLog:
    return StatusLog.model_validate(EXAMPLE | {"id": str(uuid.UUID(int=number)), "key": f"K{number}"} | changes)


def listing(sort: LogSort, token: str | None = None, size: int = 2, filter_: LogFilter = FILTER) -> LogListing:
    return LogListing("acme", "price", filter_, sort, size, token)


def walk_of(sort: LogSort) -> Walk | None:
    return WALK if sort in MOVING else None


@pytest.mark.parametrize("sort", SORTS)
def test_a_token_leads_on_and_back(sort: LogSort) -> None:
    one, two, three, four = (log(number) for number in range(1, 5))
    answer = Response()
    first = listing(sort).page(ListedLogs([one, two, three], walk_of(sort)), request(), answer)
    assert (first.items, first.previous_page_token, first.is_beginning) == ([one, two], None, False)
    assert answer.headers["Link"].endswith('>; rel="next"')
    second = listing(sort, first.next_page_token)
    place = LogCursor(two.processed_at, uuid.UUID(two.id), value_of(two, sort), walk_of(sort))
    assert second.after == place
    shown = second.page(ListedLogs([three, four], walk_of(sort)), request(), Response())
    assert (shown.items, shown.next_page_token) == ([three, four], None)
    back = listing(sort, shown.previous_page_token)
    place = LogCursor(three.processed_at, uuid.UUID(three.id), value_of(three, sort), walk_of(sort), backwards=True)
    assert back.after == place
    # The nearest come first, and one more where the page is not the first one.
    whole = back.page(ListedLogs([two, one], walk_of(sort)), request(), Response())
    assert (whole.items, whole.previous_page_token, whole.is_beginning) == ([one, two], None, True)
    assert listing(sort, whole.next_page_token).after == second.after
    further = back.page(ListedLogs([three, two, one], walk_of(sort)), request(), Response())
    assert (further.items, further.is_beginning) == ([two, three], False)
    assert listing(sort, further.previous_page_token).after is not None
    assert listing(sort, further.previous_page_token).after.id == uuid.UUID(two.id)  # type: ignore[union-attr]


def test_nothing_is_beside_an_empty_page() -> None:
    token = listing("key").page(ListedLogs([log(1), log(2), log(3)], None), request(), Response()).next_page_token
    answer = Response()
    page = listing("key", token).page(ListedLogs([], None), request(), answer)
    assert (page.items, page.next_page_token, page.previous_page_token) == ([], None, None)
    assert "Link" not in answer.headers


def test_a_token_of_the_usual_list_is_as_it_always_was() -> None:
    """A page that is open during an upgrade must go on, and so must one that an older process has made."""
    name = f"logs\nacme\nprice\n{FILTER.model_dump_json()}"
    two = log(2)
    token = listing("newest").page(ListedLogs([log(1), two, log(3)], None), request(), Response()).next_page_token
    assert token == encode(name, (two.processed_at, two.id))


def token_of(sort: LogSort, log: StatusLog, **options: Any) -> str:
    token = listing(sort, size=1).page(ListedLogs([log, log], walk_of(sort)), request(), Response()).next_page_token
    assert token is not None
    return token


@pytest.mark.parametrize("sort", SORTS)
def test_a_token_of_another_order_or_filter_is_refused(sort: LogSort) -> None:
    token = token_of(sort, log(1))
    for other in SORTS:
        if other != sort:
            with pytest.raises(ProblemError) as raised:
                listing(other, token)
            assert raised.value.status == 400
    with pytest.raises(ProblemError):
        listing(sort, token, filter_=LogFilter())


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=MAX_CODE_CHARACTERS))
def test_any_text_comes_back_and_has_room(text: str) -> None:
    for sort in ("code", "-key"):
        token = token_of(sort, log(1, code=text or None, key=text or "K"))
        found = listing(sort, token).after
        assert found is not None
        assert found.value == (text or (None if sort == "code" else "K"))
        assert ListQuery.model_validate({"page_token": token, "sort": sort}).page_token == token


def test_the_longest_value_has_room() -> None:
    for character in ("😀", '"', "\\", "\x01", "\x7f"):
        token = token_of("code", log(1, code=character * MAX_CODE_CHARACTERS))
        assert ListQuery.model_validate({"page_token": token}).page_token == token


def altered(token: str, *, place: dict[int, Any] | None = None, more: dict[int, Any] | None = None) -> str:
    content = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    for at, value in (place or {}).items():
        content[at] = value
    for at, value in (more or {}).items():
        content[4][at] = value
    return base64.urlsafe_b64encode(orjson.dumps(content)).rstrip(b"=").decode()


YEAR_9999 = 253_402_300_799_999_999


@pytest.mark.parametrize(
    ("sort", "more"),
    [
        ("key", {0: 2}), ("key", {0: None}), ("key", {0: [1]}), ("key", {0: "1"}), ("key", {1: 5}),
        ("key", {1: "a\x00"}), ("key", {1: ["a"]}), ("attempts", {1: "5"}), ("attempts", {1: 1.5}),
        ("attempts", {1: True}), ("status", {1: 2**63}), ("oldest", {1: "a"}), ("oldest", {1: 0}),
        ("oldest", {2: None}), ("oldest", {3: "x"}), ("oldest", {2: 10**18}), ("oldest", {3: YEAR_9999}),
        ("-first_seen_at", {3: -(10**18)}),
    ],
)  # fmt: skip
def test_what_a_token_says_that_no_page_has_said_is_refused(sort: LogSort, more: dict[int, Any]) -> None:
    token = token_of(sort, log(1))
    assert listing(sort, altered(token)).after is not None
    with pytest.raises(ProblemError) as raised:
        listing(sort, altered(token, more=more))
    assert raised.value.status == 400


@pytest.mark.parametrize("content", [[], None, 5, "x", [0, "K1", 1], [0, "K1", 1, 1, 1]])
def test_a_token_with_less_or_more_is_refused(content: Any) -> None:
    with pytest.raises(ProblemError):
        listing("key", altered(token_of("key", log(1)), place={4: content}))


def test_a_token_of_an_order_without_its_more_is_refused() -> None:
    token = orjson.loads(base64.urlsafe_b64decode(token_of("key", log(1)) + "=="))
    short = base64.urlsafe_b64encode(orjson.dumps([1, *token[1:4]])).rstrip(b"=").decode()
    with pytest.raises(ProblemError):
        listing("key", short)
