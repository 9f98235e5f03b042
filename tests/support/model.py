"""The design's rule in a few lines of Python, for comparing with what the agents and PostgreSQL made of it."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from schemas.result import Result

Entity = tuple[str, str, str, str]


class Row(NamedTuple):
    """The fields that a status log must show."""

    status: str
    event_id: str
    attempts: int
    first_seen_at: Any


def fold(results: Iterable[Result]) -> dict[Entity, Row]:
    """The status logs after `results`, in whatever order and however often each came."""
    by_entity: dict[Entity, dict[tuple[str, str, str], Result]] = {}
    for each in results:
        entity = (each.account, each.integration_type, each.affiliate, each.key)
        by_entity.setdefault(entity, {}).setdefault((each.account, each.source, each.event_id), each)
    rows = {}
    for entity, once in by_entity.items():
        shown = max(once.values(), key=lambda each: each.version)
        earliest = min(each.processed_at for each in once.values())
        rows[entity] = Row(shown.status, shown.event_id, len(once), earliest)
    return rows
