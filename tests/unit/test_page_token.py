"""Page tokens: a cursor comes back as it was, from its own list only."""

import base64
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.page_token import decode, encode, time_of, uuid_of
from api.problems import ProblemError

LIST = "logs\nacme\nprice"
LARGEST = 9_223_372_036_854_775_807


def content_of(token: str) -> list[Any]:
    found: list[Any] = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    return found


def token_of(content: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(content)).rstrip(b"=").decode()


@given(st.integers(-LARGEST, LARGEST), st.text(st.characters(codec="utf-8", exclude_characters="\x00")))
def test_a_place_comes_back(number: int, row: str) -> None:
    token = encode(LIST, (number, row))
    assert decode(LIST, token) == (number, row)
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    with pytest.raises(ProblemError):
        decode(f"{LIST}\n", token)


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)))
def test_a_time_comes_back_to_the_microsecond(at: datetime) -> None:
    assert time_of(decode(LIST, encode(LIST, (at, "")))) == at
    assert decode(LIST, encode(LIST, (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=1), "")))[0] == 1_000_000


def test_a_token_is_as_it_always_was() -> None:
    """A page that is open during an upgrade must go on: a new form of tokens needs a new version."""
    version, binding, number, row = content_of(encode(LIST, (5, "r")))
    assert (version, len(binding), number, row) == (1, 24, 5, "r")


@pytest.mark.parametrize("length", range(8))
def test_any_length_decodes(length: int) -> None:
    assert decode(LIST, encode(LIST, (0, "r" * length))) == (0, "r" * length)


@pytest.mark.parametrize(
    "changed",
    [
        {0: 0}, {0: 2}, {0: None}, {1: "0" * 24}, {1: None}, {2: LARGEST + 1}, {2: -LARGEST - 1}, {2: True}, {2: 1.0},
        {2: "1"}, {2: None}, {3: None}, {3: 5}, {3: "a\x00b"},
    ],
)  # fmt: skip
def test_what_is_altered_is_refused(changed: dict[int, Any]) -> None:
    content = content_of(encode(LIST, (5, "r")))
    assert decode(LIST, token_of(content)) == (5, "r")
    for index, value in changed.items():
        content[index] = value
    with pytest.raises(ProblemError) as raised:
        decode(LIST, token_of(content))
    assert raised.value.status == 400


@pytest.mark.parametrize("number", [LARGEST, -LARGEST])
def test_the_largest_numbers_are_places(number: int) -> None:
    assert decode(LIST, encode(LIST, (number, ""))) == (number, "")
    with pytest.raises(ProblemError):
        time_of((number, ""))


@pytest.mark.parametrize("token", ["", "x", "é", "!", "e30", "W10", "WzEsMl0", "A" * 1000, "W1sxXV0=", "MQ"])
def test_no_token_is_refused(token: str) -> None:
    with pytest.raises(ProblemError):
        decode(LIST, token)


def test_a_row_that_is_an_id_is_one() -> None:
    row = uuid.uuid4()
    assert uuid_of((0, str(row))) == row
    with pytest.raises(ProblemError):
        uuid_of((0, "r"))
