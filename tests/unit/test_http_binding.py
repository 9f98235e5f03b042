"""Headers of a request as those of a Kafka record, by the HTTP protocol binding of CloudEvents."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import BATCH, STRUCTURED
from schemas.http_binding import is_read, record_headers

JSON = (b"content-type", b"application/json")


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (b"plain", b"plain"),
        (b"a%20b", b"a b"),
        (b"100%25", b"100%"),
        (b"Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀".encode()),
        ("já".encode(), "já".encode()),
        (b'"in quotes"', b"in quotes"),
        (b'"a \\"word\\" \\\\ %41"', b'a "word" \\ A'),
        (b"%2541", b"%41"),  # one round
        (b"50%", b"50%"),
        (b'"not closed', b'"not closed'),
    ],
)
def test_values_are_unescaped_once(sent: bytes, read: bytes) -> None:
    assert record_headers([JSON, (b"ce-id", sent)]) == [("content-type", b"application/json"), ("ce_id", read)]


@given(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1))
def test_whatever_is_percent_encoded_comes_back(text: str) -> None:
    [(_name, value)] = record_headers([(b"ce-subject", quote(text, safe="").encode())])
    assert value.decode() == text


def test_names_have_no_case_and_no_other_header_is_taken() -> None:
    sent = [(b"Authorization", b"Bearer cnx_"), (b"CE-Id", b"1"), (b"X-Ce-Id", b"2"), (b"Content-Type", b"text/json")]
    assert record_headers(sent) == [
        ("content-type", b"text/json"),
        ("ce_id", b"1"),
    ]


@pytest.mark.parametrize("content_type", [STRUCTURED, f"{BATCH}; charset=utf-8", "Application/CloudEvents+JSON"])
def test_whole_events_have_their_own_attributes(content_type: str) -> None:
    sent = [(b"content-type", content_type.encode()), (b"ce-id", b"another"), (b"ce-specversion", b"1.0")]
    assert record_headers(sent) == [("content-type", content_type.encode())]


@pytest.mark.parametrize(
    ("content_type", "read"),
    [
        (STRUCTURED, True),
        (BATCH, True),
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("text/json", True),
        ("application/vnd.x+json", True),
        ("APPLICATION/JSON", True),
        ("application/cloudevents+avro", False),
        ("application/cloudevents-batch+protobuf", False),
        ("application/x-www-form-urlencoded", False),
        ("application/xml", False),
        ("text/plain", False),
        ("", False),
    ],
)
def test_what_is_read(content_type: str, read: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert is_read(content_type) is read
