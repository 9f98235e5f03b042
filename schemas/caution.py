"""Caution about a group of equal errors: why a plan leaves it out, unless somebody chooses it all the same."""

from typing import Literal

from schemas.group import Cure
from schemas.playbook import PlaybookEntry

#: `ignored`: people decided so. `never_fixed`: many were tried, and none was fixed. `after_fix` and `no`: the playbook
#: says that the cause comes first, or that reprocessing does not help.
Caution = Literal["ignored", "never_fixed", "after_fix", "no"]


def caution(entry: PlaybookEntry | None, cure: Cure, *, ignored: bool) -> Caution | None:
    """Return why a group is better left out; None where reprocessing may help.

    Outcomes count more than the playbook: it may know less about this very store.
    """
    if ignored:
        return "ignored"
    if cure.automation == "advised_against":
        return "never_fixed"
    if cure.automation == "offered" or entry is None or entry.helps in {None, "yes"}:
        return None
    return "no" if entry.helps == "no" else "after_fix"
