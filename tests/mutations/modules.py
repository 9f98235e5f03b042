"""The pure modules that are mutated, and the mutants that no test can find.

A module belongs here when it decides by its arguments alone: no server, no clock, no file.
"""

from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]

PURE: Final = (
    "schemas/**/*.py",
    "agents/kafka/unreadable.py",
    "agents/reprocess/new_items.py",
    "agents/reprocess/fairness.py",
    "storage/columns.py",
    "storage/cursors.py",
    "storage/logs/spans.py",
    "broker/backoff.py",
    "exports/csv.py",
    "exports/excel/cell.py",
    "exports/names.py",
    "exports/excel/texts.py",
    "api/page_token.py",
    "admin/rate.py",
    "admin/session.py",
    "admin/pages/evidence.py",
    "admin/pages/histogram.py",
    "admin/pages/languages.py",
    "admin/pages/paths.py",
    "admin/pages/times.py",
)

#: Limit of the share of mutants that `EQUIVALENT` may name.
EQUIVALENT_SHARE: Final = 0.05


class Equivalent(NamedTuple):
    """A mutant that behaves as the code does, for every input; it is not counted."""

    path: str
    line: str  # of the source, stripped; not its number, which moves
    after: str  # what the mutated expression becomes
    reason: str


EQUIVALENT: Final[tuple[Equivalent, ...]] = (
    Equivalent(
        "schemas/json_document.py",
        "return not brackets",
        "return None",
        "false only sends the text to the exact scan, which says the same",
    ),
    Equivalent(
        "schemas/fingerprint/digest.py",
        "@lru_cache(maxsize=8192)",
        "8193",
        "how much is kept changes no answer",
    ),
    Equivalent(
        "schemas/fingerprint/digest.py",
        "@lru_cache(maxsize=8192)",
        "8191",
        "how much is kept changes no answer",
    ),
    Equivalent(
        "admin/pages/evidence.py",
        'name = token[1:].rstrip(">").split(maxsplit=1)',
        "2",
        "only the first part is looked at",
    ),
    Equivalent(
        "exports/excel/cell.py",
        "if len(text) * (1 + _UNITS_MORE) <= MAX_CELL_UNITS or _units(text) <= MAX_CELL_UNITS:",
        "2",
        "the first condition only spares the second, which is exact, and the mutant spares it less often",
    ),
    Equivalent(
        "exports/excel/cell.py",
        "lengths = range(min(len(text), MAX_CELL_UNITS) + 1)",
        "max(len(text), MAX_CELL_UNITS)",
        "no length beyond the text or the cell has room, so that more of them are only searched, not found",
    ),
    Equivalent(
        "exports/excel/cell.py",
        "lengths = range(min(len(text), MAX_CELL_UNITS) + 1)",
        "2",
        "as above: the one length more has no room",
    ),
)


def pure_modules() -> list[Path]:
    """Each module of `PURE`, in order. Raises FileNotFoundError for a pattern that no file has."""
    found: dict[Path, None] = {}
    for pattern in PURE:
        files = sorted(each for each in ROOT.glob(pattern) if each.name != "__init__.py")
        if not files:
            raise FileNotFoundError(f"tests/mutations/modules.py names {pattern}, which is not there")
        found |= dict.fromkeys(files)
    return list(found)
