"""The playbook of an account: whose entry about an error counts."""

from typing import NamedTuple, Self

from schemas.playbook.class_entries import BY_CLASS
from schemas.playbook.classification import class_of
from schemas.playbook.entry import PlaybookEntry
from schemas.playbook.error import SeenError
from schemas.playbook.marketplaces import Marketplaces
from schemas.playbook.shipped import Shipped
from schemas.playbook.written import WrittenEntries


class Playbook(NamedTuple):
    """Entries of an account, of the installation's file, and shipped ones. `Playbook()` knows only classes."""

    file: WrittenEntries = WrittenEntries()
    shipped: Shipped = Shipped()
    marketplaces: Marketplaces = Marketplaces()
    own: WrittenEntries = WrittenEntries()

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the playbook of a file's text alone. Raises BadPlaybookError."""
        return cls(WrittenEntries.read(text))

    def with_own(self, entries: WrittenEntries) -> Self:
        """Return the playbook of an account that has these entries."""
        return self._replace(own=entries)

    def about(self, error: SeenError) -> PlaybookEntry | None:
        """Return the entry about an error: own, else the file's, else a shipped one, else its class; None: unknown."""
        if (written := self.own.about(error)) is not None:
            return PlaybookEntry.of(written, "own")
        if (written := self.file.about(error)) is not None:
            return PlaybookEntry.of(written, "file")
        return self.shipped.about(error, self.marketplace_of(error.affiliate)) or class_entry(error)

    def marketplace_of(self, affiliate: str) -> str | None:
        """Return the name of an affiliate's marketplace; None where nobody said it."""
        return self.marketplaces.name_of(affiliate) or self.shipped.name_of(affiliate)


def class_entry(error: SeenError) -> PlaybookEntry | None:
    """Return what is said of an error's class; None for an error without one."""
    kind = class_of(code=error.code, message=error.message, category=error.category, status=error.status)
    return None if kind is None else BY_CLASS[kind]
