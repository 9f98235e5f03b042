"""The next state of an item: every list of states either has it by itself, or names what is missing."""

import os
import re
import subprocess
import sys
from collections.abc import Collection, Iterable
from pathlib import Path

import pytest

from admin.pages.ledger import BAR
from schemas.item_state import ANSWERABLE_STATES, ANSWERED_STATES, ON_LOGS, OPEN_ITEM_STATES, TO_SEND, ItemState
from tests.support.changed_tree import ROOT, Changes, copy

STYLES = (ROOT / "admin" / "static" / "pages.css").read_text("utf-8")
IN_ENUM = ('    QUEUED = "queued"', '    SEEN = "seen"\n    QUEUED = "queued"')
STATE: Changes = {"schemas/item_state.py": [IN_ENUM, ("TO_SEND = (\n", "TO_SEND = (\n    ItemState.SEEN,\n")]}
VERDICT: Changes = {"schemas/item_state.py": [IN_ENUM, ("VERDICTS = (\n", "VERDICTS = (\n    ItemState.SEEN,\n")]}
WORD: Changes = {
    "schemas/words.py": [
        (
            "        ItemState.QUEUED: _word",
            '        ItemState.SEEN: _word("a", "b", "c"),\n        ItemState.QUEUED: _word',
        )
    ]
}


def run(tree: Path, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def unpainted(styles: str, states: Iterable[str]) -> list[str]:
    """States in the bar whose part has no colour."""
    return [each for each in states if not re.search(rf"\.part\.{each}\b[^{{}}]*{{ fill: ", styles)]


def unknown(styles: str, states: Collection[str]) -> set[str]:
    """Names in the styles of states and parts that are no state."""
    named = set(re.findall(r"\.(?:part|state)\.(\w+)", styles))
    for each in re.findall(r"\.(?:part|state):is\(([^)]*)\)", styles):
        named |= set(re.findall(r"\.(\w+)", each))
    return named - set(states)


@pytest.mark.parametrize(
    ("changes", "module", "said"),
    [
        ({"schemas/item_state.py": [IN_ENUM]}, "schemas.item_state", "one of TO_SEND and VERDICTS"),
        (STATE, "schemas.words", "seen"),
        (VERDICT, "schemas.words", "seen"),
    ],
)
def test_a_state_that_is_not_said_everywhere_is_refused(
    tmp_path: Path, changes: Changes, module: str, said: str
) -> None:
    copy(tmp_path, changes)
    done = run(tmp_path, f"import {module}")
    assert done.returncode == 1
    assert said in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(("changes", "sent"), [(STATE, True), (VERDICT, False)])
def test_lists_of_states_have_the_next_one_by_themselves(tmp_path: Path, changes: Changes, *, sent: bool) -> None:
    copy(tmp_path, {**changes, **WORD})
    done = run(
        tmp_path,
        "from typing import get_args\n"
        "from admin.pages.ledger import BAR\n"
        "from api.plan import VERDICTS\n"
        "from schemas.filter import FIELDS, ReprocessState\n"
        "from storage.constants import FOR_SQL\n"
        "print('seen' in VERDICTS)\n"
        "for each in get_args(ReprocessState), FIELDS['reprocess'].choices, BAR, FOR_SQL['ANSWERABLE_STATES']:\n"
        "    print('seen' in each)\n",
    )
    assert done.stdout.split() == [str(not sent), *[str(sent)] * 4], done.stderr


def test_every_part_of_the_bar_has_a_colour_and_no_colour_is_of_nothing() -> None:
    assert unpainted(STYLES, BAR) == []
    assert unpainted(STYLES, [*BAR, "seen"]) == ["seen"]
    assert unknown(STYLES, set(ItemState)) == set()
    assert unknown(STYLES, set(TO_SEND) - {ItemState.SILENT}) == {"silent"}


def test_states_are_open_answered_or_neither() -> None:
    assert not set(OPEN_ITEM_STATES) & set(ANSWERED_STATES)
    assert set(TO_SEND) - {*OPEN_ITEM_STATES, *ANSWERED_STATES} == {"healed", "silent", "failed", "cancelled"}
    assert set(ON_LOGS) - set(TO_SEND) == {"changed_since", "not_reprocessable"}
    assert set(TO_SEND) - set(ANSWERABLE_STATES) == {"failed"}
