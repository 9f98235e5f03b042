"""Aliases that were sent: bounded, and forgotten where they may be gone."""

import time

from schemas.catalogue import BY_NAME
from schemas.result import Result, read
from storage.sent_aliases import SentAliases, digests_of
from tests.support.events import result


def _result(key: str, **aliases: str) -> Result:
    event = result("e1", key=key, aliases=aliases or None)
    [found] = read(BY_NAME["price"], event.headers, event.key, event.value or b"", time.time_ns())
    assert isinstance(found, Result)
    return found


A, B, OTHER, NONE = _result("1", ean="1"), _result("2", ean="2"), _result("1", ean="9"), _result("3")


def test_what_was_kept_is_sent_no_more_but_for_a_new_log() -> None:
    sent = SentAliases()
    assert sent.unsent([A, B, NONE], set()) == [A, B]
    sent.keep(digests_of([A, B]))
    assert sent.unsent([A, OTHER, B], set()) == [OTHER]
    assert sent.unsent([A, B], {A.log_id}) == [A]
    sent.keep(digests_of([OTHER]))
    assert sent.unsent([A, OTHER], set()) == [A], "of each log only what was sent last is known"


def test_its_memory_is_bounded() -> None:
    sent = SentAliases(most=1)
    sent.keep(digests_of([A]))
    sent.keep(digests_of([A]))
    assert sent.unsent([A], set()) == [], "what is known already takes no room"
    sent.keep(digests_of([B]))
    assert sent.unsent([A, B], set()) == [A]


def test_another_connection_may_be_to_another_database() -> None:
    sent = SentAliases()
    sent.at(1)
    sent.keep(digests_of([A]))
    sent.at(1)
    assert sent.unsent([A], set()) == []
    sent.at(2)
    assert sent.unsent([A], set()) == [A]
    sent.keep(digests_of([A]))
    sent.forget()
    assert sent.unsent([A], set()) == [A]
