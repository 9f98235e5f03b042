"""Sessions, links and form tokens: only ours, only for their purpose, only for a while."""

from admin.session import LINK_SECONDS, SESSION_SECONDS, Sessions

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
