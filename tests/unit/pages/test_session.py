"""Sessions, links and form tokens: only ours, only for their purpose, only for a while."""

import base64
import hmac

import pytest

from admin.session import LINK_SECONDS, SESSION_SECONDS, Session, Sessions

DIGEST = bytes(range(32))


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_session_ends_after_its_time() -> None:
    clock = Clock()
    sessions = Sessions(b"secret", clock)
    cookie = sessions.start(DIGEST)
    session = sessions.read(cookie)
    assert session is not None
    assert session.key_digest == DIGEST
    clock.now += SESSION_SECONDS + 1
    assert sessions.read(cookie) is None


def test_a_changed_or_foreign_cookie_is_none() -> None:
    sessions = Sessions(b"secret")
    cookie = sessions.start(DIGEST)
    for index in range(0, len(cookie), 7):
        other = "A" if cookie[index] != "A" else "B"
        assert sessions.read(cookie[:index] + other + cookie[index + 1 :]) is None
    for text in ("", "x", "é", cookie[:-5], Sessions(b"another").start(DIGEST)):
        assert sessions.read(text) is None


def test_what_is_signed_for_one_purpose_is_nothing_for_another() -> None:
    sessions = Sessions(b"secret")
    assert sessions.read(sessions.make_link()) is None
    assert sessions.read_link(sessions.start(DIGEST)) is None


def test_a_link_is_good_for_a_while_and_names_itself() -> None:
    clock = Clock()
    sessions = Sessions(b"secret", clock)
    first, second = sessions.read_link(sessions.make_link()), sessions.read_link(sessions.make_link())
    assert first is not None
    assert second is not None
    assert first.nonce != second.nonce
    link = sessions.make_link()
    clock.now += LINK_SECONDS + 1
    assert sessions.read_link(link) is None


def test_a_form_belongs_to_its_session() -> None:
    sessions = Sessions(b"secret")
    mine, other = sessions.read(sessions.start(DIGEST)), sessions.read(sessions.start(DIGEST))
    assert mine is not None
    assert other is not None
    token = sessions.form_token(mine)
    assert sessions.is_form_of(mine, token)
    assert not sessions.is_form_of(other, token)
    assert token != sessions.form_token(mine)
    for text in ("", "x", token[:-2], token + "A"):
        assert not sessions.is_form_of(mine, text)


def test_a_session_lasts_a_week_and_a_link_half_a_day() -> None:
    """Expiry is exact to the second: at its end a session is over."""
    for make, read, seconds in (
        (lambda each: each.start(DIGEST), Sessions.read, 604_800),
        (Sessions.make_link, Sessions.read_link, 43_200),
    ):
        clock = Clock()
        sessions = Sessions(b"secret", clock)
        text = make(sessions)
        clock.now += seconds - 1
        assert read(sessions, text) is not None
        clock.now += 1
        assert read(sessions, text) is None


def test_secrets_are_16_random_bytes() -> None:
    sessions = Sessions(b"secret")
    session, link = sessions.read(sessions.start(DIGEST)), sessions.read_link(sessions.make_link())
    assert session is not None
    assert link is not None
    assert (len(session.nonce), len(link.nonce)) == (16, 16)
    assert len(base64.urlsafe_b64decode(sessions.form_token(session) + "=")) == 16 + 32


def test_what_was_signed_before_an_update_is_still_good() -> None:
    """Made by hand: 5 bytes of time, the digest, a nonce, and the MAC over what it is for."""
    sessions = Sessions(b"secret", Clock())
    nonce = bytes(16)
    for content, good in ((DIGEST + nonce, True), (DIGEST + nonce[1:], False), (DIGEST + nonce + b"x", False)):
        body = int(Clock.now + 1).to_bytes(5, "big") + content
        mac = hmac.digest(b"secret", b"session\0" + body, "sha256")
        cookie = base64.urlsafe_b64encode(body + mac).rstrip(b"=").decode()
        assert sessions.read(cookie) == (Session(DIGEST, nonce) if good else None)
    empty = hmac.digest(b"secret", b"session\0", "sha256")
    for text in (b"", empty, empty[:-1], bytes(36), bytes(37)):
        assert sessions.read(base64.urlsafe_b64encode(text).rstrip(b"=").decode()) is None


@pytest.mark.parametrize("length", range(100))
def test_a_token_of_another_length_is_none(length: int) -> None:
    sessions = Sessions(b"secret")
    text = base64.urlsafe_b64encode(bytes(length)).rstrip(b"=").decode()
    assert sessions.read(text) is None
    assert sessions.read_link(text) is None
    assert not sessions.is_form_of(Session(DIGEST, bytes(16)), text)
