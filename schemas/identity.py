"""Identities that everyone computes alike, without asking a database."""

import uuid
from hashlib import blake2b

_SEPARATOR = "\x00"  # in no field that is joined: results refuse NUL in each of them


def _digest(purpose: bytes, *parts: str) -> uuid.UUID:
    text = _SEPARATOR.join(parts).encode("utf-8", "surrogatepass")
    return uuid.UUID(bytes=blake2b(text, digest_size=16, person=purpose).digest())


def log_id(account: str, integration_type: str, affiliate: str, key: str) -> uuid.UUID:
    """The id of an entity's status log: equal for equal names, on every installation."""
    return _digest(b"conexoes.log", account, integration_type, affiliate, key)


def result_id(account: str, source: str, event_id: str) -> uuid.UUID:
    """The id of a result: delivered twice it is one attempt."""
    return _digest(b"conexoes.result", account, source, event_id)


def command_id(account: str, idempotency_key: str) -> str:
    """The id of the command that this Idempotency-Key stands for."""
    return str(_digest(b"conexoes.command", account, idempotency_key))


def item_id(account: str, command: str, log: uuid.UUID) -> uuid.UUID:
    """The id of what one command does to one log: the same when a command is handled again after a crash."""
    return _digest(b"conexoes.item", account, command, str(log))


def dead_letter_id(topic: str, partition: int, offset: int, position: int) -> uuid.UUID:
    """The id of what was refused at one place of one topic."""
    return _digest(b"conexoes.dead", topic, str(partition), str(offset), str(position))
