"""Caution about a group: what was measured, then what the playbook says."""

import pytest

from schemas.caution import Caution, caution
from schemas.group import Cure
from schemas.playbook import InEveryLanguage, PlaybookEntry
from schemas.playbook.entry import Helps

TEXT = InEveryLanguage(pt="x", en="x", es="x")
HELPS: tuple[Helps | None, ...] = ("yes", "after_fix", "no", None)


def entry(helps: Helps | None) -> PlaybookEntry:
    return PlaybookEntry(code="c", who="seller", helps=helps, cause=TEXT, what_to_do=TEXT, origin="own")


def cure(fixed: int, again: int) -> Cure:
    return Cure.of({"fixed": fixed, "same_error": again})


@pytest.mark.parametrize(
    ("helps", "fixed", "again", "why"),
    [
        ("yes", 0, 0, None),
        (None, 0, 0, None),
        ("after_fix", 0, 0, "after_fix"),
        ("no", 0, 0, "no"),
        ("after_fix", 15, 5, "after_fix"),
        ("after_fix", 16, 4, None),
        ("no", 16, 4, None),
        ("yes", 0, 19, None),
        ("yes", 0, 20, "never_fixed"),
        ("after_fix", 0, 20, "never_fixed"),
        ("yes", 1, 20, None),
    ],
)
def test_outcomes_count_more_than_the_playbook(
    helps: Helps | None, fixed: int, again: int, why: Caution | None
) -> None:
    assert caution(entry(helps), cure(fixed, again), ignored=False) == why
    assert caution(entry(helps), cure(fixed, again), ignored=True) == "ignored"


def test_an_error_that_nobody_knows_is_taken() -> None:
    assert caution(None, cure(0, 0), ignored=False) is None
