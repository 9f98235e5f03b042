"""Entries that people have written: those of an installation's file, or those of one account.

The file is TOML: one `[[entry]]` for each error, by its code, by a part of its message, or by one fingerprint.

    [[entry]]
    code = "price.below_minimum"
    integration_type = "price"    # only of this type; every type when left out
    affiliate = "MLB"             # only on this marketplace; every one when left out
    who = "seller"                # or connector, marketplace
    helps = "after_fix"           # or yes, no: if reprocessing helps; may be left out
    link = "https://…"            # may be left out
    cause = {pt = "…", en = "…", es = "…"}
    what_to_do = {pt = "…", en = "…", es = "…"}
"""

import tomllib
from collections.abc import Iterable, Iterator
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.playbook.entry import Subject, WrittenEntry
from schemas.playbook.error import SeenError
from schemas.reasons.error import fault_of, reason_of

MAX_PLAYBOOK_BYTES = 4 * 1024 * 1024
#: Characters of a message in which fragments are looked for.
MAX_MESSAGE_CHARACTERS = 4096


class BadPlaybookError(ValueError):
    """A playbook that can't be used; the text is a sentence for its author."""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    entry: list[WrittenEntry] = []


class WrittenEntries:
    """Entries, of which the most specific one is found. Of two about the same, the later one counts."""

    def __init__(self, entries: Iterable[WrittenEntry] = ()) -> None:
        self._entries: dict[Subject, WrittenEntry] = {each.subject: each for each in entries}
        # Of several fragments in one message the longest says most.
        self._by_message = sorted(
            (each for each in self._entries.values() if each.message is not None),
            key=lambda each: (-len(each.message or ""), each.integration_type is None, each.affiliate is None),
        )

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[WrittenEntry]:
        return iter(self._entries.values())

    @classmethod
    def read(cls, text: str) -> Self:
        """Read TOML. Raises BadPlaybookError, which names the entry (the first is 1) and the field."""
        try:
            found = _File.model_validate(tomllib.loads(text)).entry
        except tomllib.TOMLDecodeError as exc:
            raise BadPlaybookError(f"it is not TOML: {exc}") from None
        except ValidationError as exc:
            raise BadPlaybookError(_sentence(exc)) from None
        seen: dict[Subject, int] = {}
        for number, entry in enumerate(found, start=1):
            if (earlier := seen.setdefault(entry.subject, number)) != number:
                raise BadPlaybookError(f"entry {number} is about the same as entry {earlier}")
        return cls(found)

    def about(self, error: SeenError) -> WrittenEntry | None:
        """Return the entry about an error; None when there is no entry, or nothing is known of the error.

        A fingerprint is more specific than a code, a code more than a part of the message, an affiliate more than a
        type.
        """
        if not self._entries:
            return None
        for named in ((error.fingerprint, None, None), (None, error.code, None)):
            if named == (None, None, None):
                continue
            for where in (
                (error.integration_type, error.affiliate),
                (None, error.affiliate),
                (error.integration_type, None),
                (None, None),
            ):
                if (entry := self._entries.get((*named, *where))) is not None:
                    return entry
        return self._of_message(error)

    def _of_message(self, error: SeenError) -> WrittenEntry | None:
        if not error.message or not self._by_message:
            return None
        text = error.message[:MAX_MESSAGE_CHARACTERS].lower()
        for each in self._by_message:
            if (
                each.integration_type in {None, error.integration_type}
                and each.affiliate in {None, error.affiliate}
                and (each.message or "").lower() in text
            ):
                return each
        return None


def _sentence(exc: ValidationError) -> str:
    error = exc.errors(include_url=False)[0]
    match error["loc"]:
        case ("entry", int(index), *field):
            place = " ".join([f"entry {index + 1}", ".".join(str(part) for part in field)]).rstrip()
        case field:
            place = ".".join(str(part) for part in field)
    return f"{place}: {fault_of(reason_of(place, error))}"
