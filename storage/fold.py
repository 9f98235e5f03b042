"""The fold of any batch: PostgreSQL tells known results from new ones, and what each entity shows."""

import uuid
from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from schemas.fault import Fault
from schemas.result import Result
from storage.constants import FAULT_MESSAGE_CHARACTERS
from storage.database import Connection
from storage.statements import SQL, array, text_array

#: Fields that only a result with faults has.
_OF_FAILED: Final = ("code", "category", "fingerprint", "errors")
#: Columns of the faults beside the gravest, and the field of a fault that each has.
OTHERS: Final = {"other_codes": "code", "other_categories": "category", "other_fingerprints": "fingerprint"}


class Folded(NamedTuple):
    """New results and new logs of a batch."""

    received: Sequence[Result]  # the results that were stored
    new_logs: Collection[uuid.UUID]


async def fold(connection: Connection, fresh: Sequence[Result], late: Collection[str]) -> Folded:
    """Store what is new of `fresh`, results without repetition in the order of delivery. `late`: some of their ids."""
    # What only results with faults have is sent for those alone: see the statement.
    ordered = sorted(fresh, key=lambda each: len(each.faults), reverse=True)
    folded = await SQL["fold"].fetchrow(
        connection,
        ordered,
        late=[each.id in late for each in ordered],
        words=[each.words and array(each.words) for each in ordered],
        alterations=[each.alterations for each in ordered] if any(each.altered for each in ordered) else [],
        **_about_faults(ordered),
    )
    # Nothing else of a result that the fold left out is stored either: it may be erased.
    received_ids = {each.hex for each in folded["received"]}
    return Folded([each for each in fresh if each.id in received_ids], folded["new_logs"])


def _about_faults(ordered: Sequence[Result]) -> dict[str, list[Any]]:
    """Return the arguments of the fold that are about faults. `ordered`: results with more faults come first."""
    failed = [each for each in ordered if each.faults]
    several = [each.faults for each in failed if len(each.faults) > 1]
    faults = [(each.id, fault) for each in failed for fault in each.faults]
    return {
        **{name: [getattr(each, name) for each in failed] for name in _OF_FAILED},
        **{column: [others(each, field) for each in several] for column, field in OTHERS.items()},
        "fault_result_id": [result_id for result_id, _fault in faults],
        "fault_fingerprint": [fault.fingerprint for _id, fault in faults],
        "fault_code": [fault.code for _id, fault in faults],
        "fault_category": [fault.category for _id, fault in faults],
        "fault_message": [sample(fault) for _id, fault in faults],
    }


def others(faults: Sequence[Fault], field: str) -> str | None:
    """Return the array of the values of a field that the first fault lacks, sorted, each once; None for none."""
    gravest, *rest = (getattr(each, field) for each in faults)
    values = sorted({each for each in rest if each is not None and each != gravest})
    return text_array(values) if values else None


def sample(fault: Fault) -> str | None:
    """Return the beginning of a fault's message, which is kept for its group; None: it has none."""
    return fault.message and fault.message[:FAULT_MESSAGE_CHARACTERS]
