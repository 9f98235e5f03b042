"""An erasure: what is looked for, in which forms it may be written, and the receipt."""

import hashlib
import json
import re
from datetime import datetime
from typing import Final, Literal, NamedTuple, get_args

from schemas.value_patterns import other_form_of_cpf

By = Literal["key", "alias", "pattern"]
#: Ways to name what is to be erased.
WAYS: Final[tuple[By, ...]] = get_args(By)
MARK: Final = "[erased]"
#: Shorter texts are part of too many others.
MIN_PATTERN_CHARACTERS: Final = 4


class Wanted(NamedTuple):
    """Text to be erased in one account."""

    account: str
    by: By
    value: str
    alias: str | None = None  # name of the alias; None: of any name

    @property
    def expression(self) -> str:
        """Regular expression of PostgreSQL for text, also for JSON as it is written.

        A key or alias is found as a word, and as it is spelled; a pattern anywhere, in any case.
        """
        return self._expression([_quoted(each) for each in self._forms()])

    @property
    def expression_of_bytes(self) -> str:
        """Regular expression for the format `escape` of PostgreSQL's bytea."""
        return self._expression([_quoted(escaped(each.encode())) for each in self._forms()])

    def digest(self, proof: bytes) -> bytes:
        """SHA-256 by which a receipt's `proof` and this value can be held to the database's receipt later."""
        text = json.dumps([self.account, self.by, self.alias, self.value], ensure_ascii=False)
        return hashlib.sha256(proof + text.encode("utf-8", "surrogatepass")).digest()

    def is_in(self, text: str) -> bool:
        """Tell if a text says what is to be erased."""
        return any(each.lower() in text.lower() for each in self._forms())

    def _forms(self) -> list[str]:
        """Return the value as people write it, as it is escaped in JSON, and in JSON in JSON as in corrections."""
        spelled = [self.value, *other_form_of_cpf(self.value)]
        forms = dict.fromkeys(spelled)
        for each in spelled:
            for ascii_only in (False, True):
                inside = json.dumps(each, ensure_ascii=ascii_only)[1:-1]
                once = (inside, inside.replace("/", "\\/"))
                forms |= dict.fromkeys((*once, *(json.dumps(form, ensure_ascii=False)[1:-1] for form in once)))
        return list(forms)

    def _expression(self, forms: list[str]) -> str:
        any_form = f"(?:{'|'.join(forms)})"
        if self.by == "pattern":
            return f"(?i){any_form}"
        return rf"(?:(?<![[:alnum:]])|(?<=\\[bfnrt])){any_form}(?![[:alnum:]])"


class Receipt(NamedTuple):
    """Record of an erasure, without the values that it erased."""

    id: str
    account: str
    by: By
    digest: str  # hexadecimal
    proof: str | None  # hexadecimal; in the receipt that is printed at the end, and nowhere else
    requested_by: str
    reason: str
    requested_at: datetime
    finished_at: datetime | None  # None: it was stopped, or only counted
    dry_run: bool
    rows: dict[str, int]  # by table, without those with none
    files: int
    mentions_left: int  # logs that say the key or alias in a message, another name or an attempt, and stay


def _quoted(text: str) -> str:
    return re.sub(r"([^\w])", r"\\\1", text)


def escaped(value: bytes) -> str:
    """Return bytes in PostgreSQL's format `escape`."""
    return "".join(
        f"\\{byte:03o}" if byte == 0 or byte > 127 else "\\\\" if byte == ord("\\") else chr(byte) for byte in value
    )
