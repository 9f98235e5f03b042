"""Ids that every process computes alike, without asking a database.

They are UUIDs to PostgreSQL. Those that ingest computes for every result are their 32 hexadecimal characters, since
making a `uuid.UUID` costs more than the hash itself.
"""

import uuid
from collections.abc import Mapping
from hashlib import blake2b

from schemas.version import named

_SEPARATOR = "\x00"  # in no field that is joined: results refuse NUL in each of them


def _hex(purpose: bytes, *parts: str) -> str:
    return BegunId(purpose, *parts[:-1]).with_last(parts[-1].encode("utf-8", "surrogatepass"))


class BegunId:
    """An id without its last part, for many that differ in that alone: the parts before are hashed once."""

    __slots__ = ("_begun",)

    def __init__(self, purpose: bytes, *parts: str) -> None:
        text = "".join(f"{part}{_SEPARATOR}" for part in parts)
        self._begun = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, person=purpose)

    def with_last(self, part: bytes) -> str:
        """Return the id with this part, in UTF-8, as its last; or with several, joined as they are hashed."""
        hashed = self._begun.copy()
        hashed.update(part)
        return hashed.hexdigest()


def log_id(account: str, integration_type: str, affiliate: str, key: str) -> str:
    """The id of an entity's status log: equal for equal names, on every installation.

    No two accounts have the same, so that it is a key by itself.
    """
    return log_ids(account, integration_type, affiliate).with_last(key.encode("utf-8", "surrogatepass"))


def log_ids(account: str, integration_type: str, affiliate: str) -> BegunId:
    """Return the ids of the logs of an affiliate, whose last part is the key."""
    return BegunId(b"conexoes.log", account, integration_type, affiliate)


def result_id(account: str, source: str, event_id: str) -> str:
    """The id of a result: delivered twice, it is one attempt. No two accounts have the same."""
    return result_ids(account).with_last(named(source, event_id))


def result_ids(account: str) -> BegunId:
    """Return the ids of the results of an account, whose last part is what `schemas.version.named` returns."""
    return BegunId(b"conexoes.result", account)


def dead_letter_id(
    topic: str, partition: int, offset: int, position: int, *, timestamp: int, key: bytes | None, value: bytes
) -> str:
    """The id of what was refused at one place of one topic.

    The record's timestamp (milliseconds) and bytes are part of it: in a topic that was made anew, another record has
    the same place. A record that is delivered again has the same id.
    """
    place = _SEPARATOR.join((topic, str(partition), str(offset), str(position), str(timestamp), str(len(key or b""))))
    content = b"\x00".join((place.encode("utf-8", "surrogatepass"), key or b"", value))
    return blake2b(content, digest_size=16, person=b"conexoes.dead").hexdigest()


def command_id(account: str, idempotency_key: str) -> str:
    """The id of the command that this Idempotency-Key stands for, as text with hyphens."""
    return str(uuid.UUID(_hex(b"conexoes.command", account, idempotency_key)))


def automatic_command_id(account: str, attempts: Mapping[uuid.UUID, int]) -> str:
    """The id of the command that tries these logs again by itself, as text with hyphens.

    `attempts`: the ordinal of this reprocess of each log, so that the same try has the same id, and no other one has.
    """
    tries = sorted(f"{log}/{attempt}" for log, attempt in attempts.items())
    return str(uuid.UUID(_hex(b"conexoes.auto", account, *tries)))


def item_id(account: str, command: str, log: uuid.UUID) -> uuid.UUID:
    """The id of the item of one command for one log: the same when a command is handled again after a crash."""
    return uuid.UUID(_hex(b"conexoes.item", account, command, str(log)))
