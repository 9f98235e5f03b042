"""Numbers and lists that SQL and Python share. Each is written once: a statement says `{NAME}` where it needs one."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from schemas.item_state import ANSWERABLE_STATES, OPEN_ITEM_STATES
from schemas.reprocess import ENDED_COMMAND_STATES, OPEN_COMMAND_STATES
from schemas.result import MAX_SHOWN_MESSAGE
from storage import columns

#: What an item keeps of a message; the attempt has it whole.
ITEM_MESSAGE_CHARACTERS: Final = 300
#: What an export's summary shows of the message of an error group.
GROUP_MESSAGE_CHARACTERS: Final = 200
#: What is shown of a dead letter's value; the topic has it whole.
DEAD_LETTER_BYTES: Final = 4096
#: Logs that a plan shows of each verdict, at most.
PLAN_SAMPLES: Final = 10

#: Phases of a selection: the items of a command with a filter are being made, in this order.
Phase = Literal["counting", "unchanged", "changed", "joining", "ending", "made"]
#: Those in which its items are all made: what came since is counted, when they are and when the command is over.
COUNTING_PHASES: Final[tuple[Phase, ...]] = ("joining", "ending")
PHASES_WITH_ALL_ITEMS: Final[tuple[Phase, ...]] = (*COUNTING_PHASES, "made")


def _listed(states: Iterable[str]) -> str:
    """For `IN (…)`."""
    return ", ".join(f"'{state}'" for state in states)


FOR_SQL: Final[Mapping[str, str]] = {
    "OPEN_ITEM_STATES": _listed(OPEN_ITEM_STATES),
    "ANSWERABLE_STATES": _listed(ANSWERABLE_STATES),
    "ENDED_COMMAND_STATES": _listed(ENDED_COMMAND_STATES),
    "OPEN_COMMAND_STATES": _listed(OPEN_COMMAND_STATES),
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
