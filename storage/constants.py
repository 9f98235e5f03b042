"""Numbers and lists that SQL and Python share. Each is written once: a statement says `{NAME}` where it needs one."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from schemas.fault import MAX_SHOWN_MESSAGE
from schemas.item_state import (
    ANSWERABLE_STATES,
    AT_LEAVING,
    FAILING_STATES,
    OPEN_ITEM_STATES,
    TRIED_STATES,
    UNSENT_STATES,
)
from schemas.redaction import REDACTED
from schemas.reprocess import ENDED_COMMAND_STATES, OPEN_COMMAND_STATES, OURSELVES
from schemas.result import ResultError
from schemas.source_day import RECENT_STEPS, STEPS_OF_DAY
from storage import columns, staging

#: Characters of a message that an item keeps; the attempt has the whole message.
ITEM_MESSAGE_CHARACTERS: Final = 300
#: Characters of an error group's message that an export's summary shows.
GROUP_MESSAGE_CHARACTERS: Final = 200
#: Characters of a fault's message that are kept as a sample of it.
FAULT_MESSAGE_CHARACTERS: Final = 300
#: Bytes of a dead letter's value that are shown; the topic has the whole value.
DEAD_LETTER_BYTES: Final = 4096
#: Limit up to which the refused results of a log are counted.
MAX_CONFLICTS: Final = 1000
#: Attempts of a log whose sources are counted.
SOURCED_ATTEMPTS: Final = 1000
#: Limit of logs that a plan shows of each verdict.
PLAN_SAMPLES: Final = 10

#: Phases of a selection, in order: the items of a command with a filter are being materialised.
Phase = Literal["counting", "unchanged", "changed", "joining", "ending", "made"]
#: Phases in which all items are materialised: logs that came since are counted, then and when the command is over.
COUNTING_PHASES: Final[tuple[Phase, ...]] = ("joining", "ending")
PHASES_WITH_ALL_ITEMS: Final[tuple[Phase, ...]] = (*COUNTING_PHASES, "made")


def _listed(words: Iterable[str]) -> str:
    """Return words, states for example, as the list of `IN (…)`."""
    return ", ".join(f"'{word}'" for word in words)


FOR_SQL: Final[Mapping[str, str]] = {
    "OPEN_ITEM_STATES": _listed(OPEN_ITEM_STATES),
    "ANSWERABLE_STATES": _listed(ANSWERABLE_STATES),
    "TRIED_STATES": _listed(TRIED_STATES),
    "FAILING_STATES": _listed(FAILING_STATES),
    "UNSENT_STATES": _listed(UNSENT_STATES),
    "AT_LEAVING": _listed(AT_LEAVING),
    "ENDED_COMMAND_STATES": _listed(ENDED_COMMAND_STATES),
    "OPEN_COMMAND_STATES": _listed(OPEN_COMMAND_STATES),
    "PHASES_WITH_ALL_ITEMS": _listed(PHASES_WITH_ALL_ITEMS),
    "OURSELVES": OURSELVES,
    "MAX_SHOWN_MESSAGE": str(MAX_SHOWN_MESSAGE),
    "ITEM_MESSAGE_CHARACTERS": str(ITEM_MESSAGE_CHARACTERS),
    "GROUP_MESSAGE_CHARACTERS": str(GROUP_MESSAGE_CHARACTERS),
    "MAX_CONFLICTS": str(MAX_CONFLICTS),
    "REDACTED": REDACTED,
    "PLAN_SAMPLES": str(PLAN_SAMPLES),
    "SOURCED_ATTEMPTS": str(SOURCED_ATTEMPTS),
    "SHOWN_COLUMNS": columns.shown(),
    "CSV_COLUMNS": columns.in_csv(),
    "JSON_MEMBERS": columns.in_json(),
    "STEPS_OF_DAY": str(STEPS_OF_DAY),
    "RECENT_STEPS": str(RECENT_STEPS),
    "STAGED_RESULTS": staging.RESULTS.name,
    "STAGED_RESULTS_COLUMNS": staging.RESULTS.definition,
    "STAGED_NAMES": staging.NAMES.name,
    "STAGED_NAMES_COLUMNS": staging.NAMES.definition,
    "FIELDS_OF_ERROR": _listed(ResultError.model_fields),
}
