"""Numbers and lists that SQL and Python share. Each is written once: a statement says `{NAME}` where it needs one."""

from collections.abc import Iterable, Mapping
from typing import Final

from schemas.reprocess import OPEN_ITEM_STATES
from schemas.result import MAX_SHOWN_MESSAGE
from storage import columns

#: Characters of a message that an item keeps; the attempt has the whole message.
ITEM_MESSAGE_CHARACTERS: Final = 300
#: Characters of an error group's message that an export's summary shows.
GROUP_MESSAGE_CHARACTERS: Final = 200
#: Bytes of a dead letter's value that are shown; the topic has the whole value.
DEAD_LETTER_BYTES: Final = 4096
#: Limit of logs that a plan shows of each verdict.
PLAN_SAMPLES: Final = 10

#: Phases of a selection in which all items of its command are materialised.
PHASES_WITH_ALL_ITEMS: Final = ("joining", "ending", "made")


def _listed(states: Iterable[str]) -> str:
    """Return states as the list of `IN (…)`."""
    return ", ".join(f"'{state}'" for state in states)


FOR_SQL: Final[Mapping[str, str]] = {
    "OPEN_ITEM_STATES": _listed(OPEN_ITEM_STATES),
    "PHASES_WITH_ALL_ITEMS": _listed(PHASES_WITH_ALL_ITEMS),
    "MAX_SHOWN_MESSAGE": str(MAX_SHOWN_MESSAGE),
    "ITEM_MESSAGE_CHARACTERS": str(ITEM_MESSAGE_CHARACTERS),
    "GROUP_MESSAGE_CHARACTERS": str(GROUP_MESSAGE_CHARACTERS),
    "DEAD_LETTER_BYTES": str(DEAD_LETTER_BYTES),
    "PLAN_SAMPLES": str(PLAN_SAMPLES),
    "SHOWN_COLUMNS": columns.shown(),
    "CSV_COLUMNS": columns.in_csv(),
    "JSON_MEMBERS": columns.in_json(),
}
