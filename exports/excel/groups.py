"""Rows of the sheet of error groups: a fact in each cell."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from exports.excel.advice import Adviser
from exports.excel.cell import cell_text
from exports.excel.texts import CUT
from schemas.catalogue import Language
from schemas.columns import GROUP_COLUMNS
from schemas.group import Cure
from schemas.words import word
from storage.exports.reader import Count
from storage.logs.triage import Triage

#: Groups that are listed, the largest first.
LARGEST: Final = 1000


def group_rows(
    language: Language, counts: Iterable[Count], cures: Mapping[str, Cure], adviser: Adviser, triage: Triage
) -> list[list[Any]]:
    """Return a row of GROUP_COLUMNS for each group among `counts`; no rate where nothing was tried."""
    return [_row(language, count, cures.get(count.name), adviser, triage) for count in counts if count.kind == "group"]


def _row(language: Language, count: Count, cure: Cure | None, adviser: Adviser, triage: Triage) -> list[Any]:
    mark = CUT[language]
    affiliates = count.affiliates or []
    advice = adviser.about(
        affiliates[0] if affiliates else "",
        code=count.code,
        message=count.message,
        category=count.category,
        fingerprint=count.name,
    )
    cells = {
        "code": count.code,
        "message": None if count.message is None else cell_text(count.message, mark),
        "affiliates": cell_text(", ".join(affiliates), mark),
        "logs": count.total,
        "last_day": count.last_day,
        "day_before": count.day_before,
        "change": count.last_day - count.day_before,
        "who": advice.who,
        "what_to_do": advice.what_to_do,
        **_cured(cure),
        "group_state": word("group", triage.standing(count.name).state, language),
        "owner": triage.owners.get(count.name),
        "tags": ", ".join(triage.tags.get(count.name, [])) or None,
        "ticket": triage.tickets.get(count.name),
        "fingerprint": count.name,
    }
    return [cells[column.name] for column in GROUP_COLUMNS]


def _cured(cure: Cure | None) -> dict[str, float | int | None]:
    if cure is None or cure.rate is None:
        return {"cure_rate": None, "cure_low": None, "cure_high": None, "cure_tried": cure.tried if cure else None}
    return {
        "cure_rate": round(cure.rate, 4),
        "cure_low": round(cure.low or 0.0, 4),
        "cure_high": round(cure.high or 0.0, 4),
        "cure_tried": cure.tried,
    }
