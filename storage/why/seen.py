"""One attempt of a sample, taken apart. Pure."""

import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from schemas.extensions import extensions_of
from schemas.raw_json import RawJson, load
from schemas.why.result import Dimension, Feature, Looked, hours, places, prefixes, versions
from schemas.why.subject import Subject


class Seen(NamedTuple):
    """One attempt of the sample."""

    looked: Looked
    log_id: uuid.UUID
    key: str
    received_at: datetime
    source: str
    operation: str | None
    request: RawJson | None  # None: there is none, or nobody may see it

    @property
    def is_comparable(self) -> bool:
        """True for a failure with a request that has parts."""
        return self.looked.affected and self.request is not None and has_parts(self.request)


def has_parts(value: RawJson) -> bool:
    """Return True for an object or an array."""
    return value.text[0] in "{["


def fields_of(row: Any) -> tuple[dict[str, RawJson], dict[str, RawJson]]:
    """Return the attributes of the event of an attempt, and the fields of its data."""
    came = RawJson(row["body"].strip())
    if row["structured"]:
        return came.fields, came.fields["data"].fields
    return RawJson(row["extensions"] or "{}").fields, came.fields


def operation_of(fields: dict[str, RawJson]) -> str | None:
    """Return what was tried."""
    return (fields["operation"].said or None) if "operation" in fields else None


def seen(row: Any, subject: Subject, *, of_days: bool, evidence: bool) -> Seen:
    """Take an attempt apart. `of_days`: the hour of the day says something. `evidence`: the caller may see it."""
    faults = {row["fingerprint"], *(row["other_fingerprints"] or ())} - {None}
    failed = row["status"] == "error"
    at = row["processed_at"]
    shows_it = failed if subject.in_general else not faults.isdisjoint(subject.faults)
    features = {Feature("source", "", row["source"]), *prefixes(row["key"])}
    features |= set(hours(at)) if of_days else set()
    features |= {Feature("mode", "", row["mode"])} if row["mode"] else set()
    if subject.in_general:
        features |= _each("code", row["code"], row["other_codes"])
        features |= _each("category", row["category"], row["other_categories"])
    operation, request = None, None
    if row["body"] is not None:
        attributes, fields = fields_of(row)
        operation = operation_of(fields)
        features |= {Feature("operation", "", operation)} if operation else set()
        if subject.in_general:
            features |= _each("field", None, _fields_of_errors(fields.get("errors")))
        if evidence and row["has_evidence"]:
            request = fields.get("request")
            features |= set(versions(extensions_of(attributes)))
            features |= set(places(load(request.text))) if request is not None else set()
    looked = Looked(
        at,
        affected=shows_it and (subject.began is None or at >= subject.began),
        failed=failed,
        # What has expired is no lack of it.
        read=row["body"] is not None and (not evidence or row["has_evidence"]),
        entity=str(row["log_id"]),
        features=frozenset(features),
    )
    return Seen(looked, row["log_id"], row["key"], row["received_at"], row["source"], operation, request)


def one_of_each(found: Iterable[Seen], subject: Subject) -> list[Seen]:
    """Keep one affected result of each entity, the first, and one before and one after the beginning that is not.

    Results of one entity are alike: each more of them would make chance look certain. One with the fault before the
    beginning is neither affected nor an example of how it should be.
    """
    kept: dict[tuple[uuid.UUID, bool, bool], Seen] = {}
    for each in sorted(found, key=lambda one: (one.looked.at, one.log_id)):
        before = subject.began is not None and each.looked.at < subject.began
        if before and each.looked.failed and not subject.in_general:
            continue
        kept.setdefault((each.log_id, each.looked.affected, before), each)
    return list(kept.values())


def _each(dimension: Dimension, value: str | None, others: Iterable[str] | None) -> set[Feature]:
    return {Feature(dimension, "", each) for each in (value, *(others or ())) if each}


def _fields_of_errors(errors: RawJson | None) -> Sequence[str]:
    try:
        found = json.loads(errors.text) if errors is not None else []
    except (ValueError, RecursionError):
        return []
    values = [each.get("field") for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    return [each for each in values if isinstance(each, str)]
