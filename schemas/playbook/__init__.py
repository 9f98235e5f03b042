"""The playbook: knowledge about errors, with the cause, the remedy and who must act.

An account's own entries come first, then the file of the installation, then what is shipped, then the class of an error
that nobody knows. docs/playbook.md says how each is written and found.
"""

from schemas.playbook.book import Playbook
from schemas.playbook.entry import InEveryLanguage, Origin, PlaybookEntry, Who, WrittenEntry
from schemas.playbook.error import SeenError
from schemas.playbook.written import MAX_PLAYBOOK_BYTES, BadPlaybookError, WrittenEntries

__all__ = [
    "MAX_PLAYBOOK_BYTES",
    "BadPlaybookError",
    "InEveryLanguage",
    "Origin",
    "Playbook",
    "PlaybookEntry",
    "SeenError",
    "Who",
    "WrittenEntries",
    "WrittenEntry",
]
