"""The playbook: people's knowledge about errors, with the cause, the remedy and who must act.

Written by hand, as TOML: one `[[entry]]` for each error, by its code or by one fingerprint.

    [[entry]]
    code = "price.below_minimum"
    integration_type = "price"    # only of this type; every type when left out
    affiliate = "MLB"             # only on this marketplace; every one when left out
    who = "seller"                # or connector, marketplace
    link = "https://…"            # may be left out
    cause = {pt = "…", en = "…", es = "…"}
    what_to_do = {pt = "…", en = "…", es = "…"}
"""

import tomllib
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from schemas.catalogue import BY_NAME
from schemas.explanation import MAX_CODE_CHARACTERS
from schemas.fingerprint import Fingerprint
from schemas.reasons.error import fault_of, reason_of
from schemas.result import Affiliate

MAX_PLAYBOOK_BYTES = 4 * 1024 * 1024

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
Who = Literal["seller", "connector", "marketplace"]
#: Subject of an entry: fingerprint, code, type, affiliate; None is any.
_Subject = tuple[str | None, str | None, str | None, str | None]


class BadPlaybookError(ValueError):
    """A playbook that can't be used; the text is a sentence for its author."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InEveryLanguage(_Strict):
    """One text for people, in the languages of the pages."""

    pt: Text
    en: Text
    es: Text


class PlaybookEntry(_Strict):
    """Cause and remedy of one error."""

    fingerprint: Fingerprint | None = Field(
        default=None, description="the group that it is about; null where `code` says it"
    )
    code: Annotated[str, StringConstraints(min_length=1, max_length=MAX_CODE_CHARACTERS)] | None = Field(
        default=None, description="the error code that it is about; null where `fingerprint` says it"
    )
    integration_type: str | None = Field(default=None, description="null: of every type")
    affiliate: Affiliate | None = Field(default=None, description="null: on every marketplace")
    who: Who = Field(description="who must act")
    # Pages make it a link, so it must be a web address.
    link: Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=2000)] | None = None
    cause: InEveryLanguage
    what_to_do: InEveryLanguage

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if (self.fingerprint is None) == (self.code is None):
            raise ValueError("give either code or fingerprint")
        if self.integration_type is not None and self.integration_type not in BY_NAME:
            raise ValueError(f"integration_type must be one of {', '.join(BY_NAME)}")
        return self

    @property
    def subject(self) -> _Subject:
        """Fields that tell this entry from every other."""
        return self.fingerprint, self.code, self.integration_type, self.affiliate


class _File(_Strict):
    entry: list[PlaybookEntry] = []


class Playbook:
    """Entries, of which the most specific one is found. `Playbook()` is empty."""

    def __init__(self, entries: Mapping[_Subject, PlaybookEntry] | None = None) -> None:
        self._entries = dict(entries or {})

    def __len__(self) -> int:
        return len(self._entries)

    @classmethod
    def read(cls, text: str) -> Self:
        """Read TOML. Raises BadPlaybookError, which names the entry (the first is 1) and the field."""
        try:
            found = _File.model_validate(tomllib.loads(text)).entry
        except tomllib.TOMLDecodeError as exc:
            raise BadPlaybookError(f"it is not TOML: {exc}") from None
        except ValidationError as exc:
            raise BadPlaybookError(_sentence(exc)) from None
        entries: dict[_Subject, PlaybookEntry] = {}
        for number, entry in enumerate(found, start=1):
            if entry.subject in entries:
                earlier = list(entries).index(entry.subject) + 1
                raise BadPlaybookError(f"entry {number} is about the same as entry {earlier}")
            entries[entry.subject] = entry
        return cls(entries)

    def about(
        self, integration_type: str, affiliate: str, code: str | None, fingerprint: str | None
    ) -> PlaybookEntry | None:
        """Return the entry about an error; None when there is no entry, or no error.

        A fingerprint is more specific than a code, an affiliate more than a type.
        """
        for named in ((fingerprint, None), (None, code)):
            if named == (None, None):
                continue
            for where in ((integration_type, affiliate), (None, affiliate), (integration_type, None), (None, None)):
                if (entry := self._entries.get((*named, *where))) is not None:
                    return entry
        return None


def _sentence(exc: ValidationError) -> str:
    error = exc.errors(include_url=False)[0]
    match error["loc"]:
        case ("entry", int(index), *field):
            place = " ".join([f"entry {index + 1}", ".".join(str(part) for part in field)]).rstrip()
        case field:
            place = ".".join(str(part) for part in field)
    return f"{place}: {fault_of(reason_of(place, error))}"
