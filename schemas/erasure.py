"""An erasure: what is looked for, in which forms it may be written, and the receipt."""

import hashlib
import json
import re
from collections.abc import Callable
from contextlib import suppress
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
        """Regular expression of PostgreSQL for text, also for JSON however it is written.

        A key or alias is found as a word, and as it is spelled; a pattern anywhere, in any case.
        """
        return self._between(self._forms(_in_text), _BEFORE, _AFTER)

    @property
    def expression_of_bytes(self) -> str:
        """Regular expression for the format `escape` of PostgreSQL's bytea, whatever the encoding of the bytes."""
        forms = [self._forms(_in_bytes)]
        with suppress(UnicodeEncodeError):
            forms += [
                _quoted(escaped(each.encode(wide))) for wide in ("utf-16-le", "utf-16-be") for each in self._spellings()
            ]
        return self._between("|".join(forms), f"{_BEFORE}|{_BEFORE_IN_BYTES}", _AFTER + _AFTER_IN_BYTES)

    def digest(self, proof: bytes) -> bytes:
        """SHA-256 by which a receipt's `proof` and this value can be held to the database's receipt later."""
        text = json.dumps([self.account, self.by, self.alias, self.value], ensure_ascii=False)
        return hashlib.sha256(proof + text.encode("utf-8", "surrogatepass")).digest()

    def is_in(self, text: str) -> bool:
        """Tell if a text says what is to be erased."""
        return re.search(self._forms(_in_text), text, re.IGNORECASE) is not None

    def _forms(self, literal: Callable[[str], set[str]]) -> str:
        """Return an expression for the value as people write it, in JSON, and in JSON in JSON as in corrections."""
        cases = str.lower, str.upper
        return "|".join(
            "".join(_spelled({one, *(case(one) for case in cases if self.by == "pattern")}, literal) for one in spelled)
            for spelled in self._spellings()
        )

    def _spellings(self) -> list[str]:
        return [self.value, *other_form_of_cpf(self.value)]

    def _between(self, forms: str, before: str, after: str) -> str:
        return f"(?i)(?:{forms})" if self.by == "pattern" else f"(?:{before})(?:{forms}){after}"


#: The backslashes before an escape of JSON: one, or more in JSON in JSON, where they may be escapes themselves.
_BACKSLASHES: Final = r"\\(?:\\|u005[cC])*"
_SHORT: Final = {'"': '"', "/": "/", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}
#: A letter or digit as four figures of an escape; of the scripts, those of two bytes in UTF-8, and some more.
_WORDLIKE: Final = (
    "(?:00(?:3[0-9]|[46][1-9a-fA-F]|[57][0-9aA]|[aA][aA]|[bB][5aA]|[ceCE][0-9a-fA-F]|[dfDF][0-689a-fA-F])"
    "|0[1-9a-fA-F][0-9a-fA-F]{2}|1[0-9a-fA-F]{3})"
)
#: Last backslash before an escape.
_LAST: Final = r"(?:\\|\\u005[cC])"
#: Beginning of a word in text that may be JSON, and its end. A word that begins with an escape has all its backslashes.
_BEFORE: Final = (
    r"(?<![[:alnum:]\\])|(?<![[:alnum:]])(?!\\)"
    rf"|(?<={_LAST}[bfnrt])|(?<={_LAST}u[0-9a-fA-F]{{4}})(?<!{_LAST}u{_WORDLIKE})"
)
_AFTER: Final = rf"(?![[:alnum:]])(?!{_BACKSLASHES}u{_WORDLIKE})"
#: The first of two bytes of a letter in UTF-8.
_LEADING: Final = r"\\3(?:0[013-7]|[1-3][0-7])"
#: Beginning and end beside bytes that are no ASCII: letters of two bytes in UTF-8, of one byte, and ASCII in UTF-16.
_BEFORE_IN_BYTES: Final = rf"(?<=\\[0-3][0-7]{{2}})(?<!{_LEADING}\\2[0-7]{{2}})(?<!\\3[0-7]{{2}})(?<![[:alnum:]]\\000)"
_AFTER_IN_BYTES: Final = rf"(?!{_LEADING})(?!\\000[[:alnum:]])"


def _spelled(characters: set[str], literal: Callable[[str], set[str]]) -> str:
    """Return an expression for one of these characters, itself or in any way that JSON has of writing it.

    The longest way is tried first: a byte of one encoding may begin a character of another one.
    """
    ways = set()
    for one in (each for each in characters if len(each) == 1):
        ways |= {_BACKSLASHES} if one == "\\" else literal(one)
        if one in _SHORT:
            ways.add(_BACKSLASHES + _quoted(_SHORT[one]))
        if one != "\\":
            ways.add("".join(f"{_BACKSLASHES}u{_figures(unit)}" for unit in _units(one)))
    return f"(?:{'|'.join(sorted(ways, key=lambda way: (-len(way), way)))})"


def _units(character: str) -> list[int]:
    """Return the units of a character in UTF-16: two, where it is written as a pair of escapes."""
    found = character.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(found[at : at + 2]) for at in range(0, len(found), 2)]


def _figures(unit: int) -> str:
    return "".join(each if each.isdecimal() else f"[{each}{each.upper()}]" for each in f"{unit:04x}")


def _in_text(character: str) -> set[str]:
    """Return the expression for a character as it is."""
    return {_quoted(character)}


def _in_bytes(character: str) -> set[str]:
    """Return expressions for a character in UTF-8, and as the one byte that it is in a Western code page."""
    ways = {escaped(character.encode("utf-8", "surrogatepass"))}
    with suppress(UnicodeEncodeError):
        ways.add(escaped(character.encode("cp1252")))
    return {_quoted(each) for each in ways}


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
