"""A message without what varies between entities."""

import re
from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import Final

from schemas.fingerprint.code import TOKEN, is_told_as_code
from schemas.fingerprint.field import Says, says
from schemas.fingerprint.numbers import merged_numbers
from schemas.fingerprint.plain_text import plain
from schemas.fingerprint.quoted import Quoted, quotations

_LONGEST_REMEMBERED: Final = 1000
_KEPT_CHARACTERS: Final = 400  # of the normalized message: the beginning of a stack trace identifies it


class Part(Enum):
    """A part of a message that was recognised, and whether it is kept."""

    CODE = "code"
    NAME = "name"
    LINK = "link"
    MAIL = "mail address"
    VALUE = "quoted value"
    PAIR = "value of a name"
    ID = "id"
    HOST = "host"
    SERVER = "server and version"
    FILE = "file"
    NUMBER = "number"

    @property
    def is_kept(self) -> bool:
        """True for what tells faults apart."""
        return self in {Part.CODE, Part.NAME}


#: Function that is called with each part that is recognised, as it was written.
Note = Callable[[Part, str], None]

_LINK: Final = re.compile(r"(?:https?://|www\.)[^\s\"'<>()\[\]{}»”]+")
_MAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]+\.[\w.-]*\w")
_MARK: Final = re.compile("[“‘«„「『【]")
_QUOTED_LIST: Final = re.compile(r"<quoted>(?:\s*(?:[,;/]|\b(?:e|y|o|ou|and|or)\b)\s*<quoted>)+")
_PAIR: Final = re.compile(r"(?<![\w.-])([\w.-]++)=([^\s,;&)\]}<=]+)")
#: Parts of these, one of which is in any text that has one.
_ID_MARKS: Final = (" id", "Id", "ID", "-id", "_id", "uid", "eference", "icket", "rotocol", "trace")
#: Words that name an id, whatever its form. That of an error may be a short number, or a name in letters: a code.
_ID_WORD: Final = re.compile(
    r"(?:request|trace|correlation|transaction|session|ray|log|event|incident|support|amzn|span|requisi[çc][ãa]o"
    r"|solicitud|transação|transacción)[-_ ]?(?:id|guid|uuid)"
    r"|error[-_ ]?id(?!\W{1,3}(?:\d{1,8}\b|[a-z]{2,20}(?:[_.-][a-z]{2,20}){0,5}(?![\w.+/=:|-])))|reference(?=\s*\#)"
    r"|ticket|protocolo?\b|\btrace\b"
)
_NAMED_ID: Final = re.compile(
    rf"\b({_ID_WORD.pattern})((?:\s*[:=#]\s*|\s+)[\"'\[(]?)(?=[^\s,;]*[\dA-Z.-])([\w.+/=:|-]{{2,}})", re.IGNORECASE
)
_DOMAINS: Final = "com|net|org|io|dev|app|cloud|local|internal|svc|lan"
_HOST: Final = re.compile(
    rf"(?<![\w.@/-])(?:(?:[\w-]{{1,63}}\.){{1,8}}(?:{_DOMAINS})(?:\.[a-z]{{2}})?|localhost)(?!\.?[\w(])(?:[:/]\d[\d.:]*)?"
)
_ENDINGS: Final = "jpe?g|png|gif|webp|pdf|csv|xlsx?|zip"
_FILE_NAME: Final = re.compile(rf"[^\s\"'<>()\[\],;]{{1,200}}\.(?:{_ENDINGS})(?!\w)", re.IGNORECASE)
_IN_NAME: Final = re.compile(rf"\.(?:{_DOMAINS}|{_ENDINGS})(?!\w)")
_HTTP_VERSION: Final = re.compile(r"\b(https?)/\d(?:\.\d)?", re.IGNORECASE)
#: A product and its version, as servers and programs sign: `nginx/1.24.0 (Ubuntu)`.
_SERVER: Final = re.compile(r"\b(?:Apache\s)?[A-Za-z][\w-]{1,30}/v?\d{1,4}(?:\.\d{1,6}){1,4}(?:\s\([^()\n]{1,40}\))?")
_IN_VERSION: Final = re.compile(r"/v?\d")
_FILE: Final = re.compile(
    r"(?:\s(?:in|at|em|na|en))?\s(?:[A-Za-z]:)?(?:[/\\][\w.@-]+){1,20}\.(?:php|py|js|ts|rb|go|java|cs|c|cpp)"
    r"(?:(?::\d+|\(\d+\)|\son\sline\s\d+|:linha\s\d+)){0,2}"
)
#: Ids in hexadecimal that happen to have no digit. The longest word of these letters has seven.
_HEX: Final = re.compile(r"(?<![^\W_])[a-f]{8,}(?![^\W_])|(?<![^\W_])[A-F]{8,}(?![^\W_])")
_HEX_LETTERS: Final = re.compile(r"[a-fA-F]{8}")
#: A list of names in square brackets, whose order means nothing.
_NAMES: Final = re.compile(r"\[([A-Z_]{2,40}(?:,\s?[A-Z_]{2,40}){1,40})\]")
#: Signs that some write and others leave out.
_PUNCTUATION: Final = (":", ",", ";", "(", ")", ". ", ".\n")
_DIGIT: Final = re.compile(r"\d")


def normalize(message: str, note: Note | None = None) -> str:
    """Return the words of a message without what varies between entities; lower case, single spaces.

    `note` is told of each part that is kept or replaced. Equal lines are one, so that the length of a list of errors
    tells nothing. 400 characters are returned.
    """
    text = _without_addresses(plain(message), note)
    if '"' in text or "'" in text or "`" in text or (not text.isascii() and _MARK.search(text)):
        text = _without_quoted(text, note)
    if "=" in text:
        text = _PAIR.sub(lambda pair: _without_value(pair, note), text)
    text = _without_ids(text, note)
    if _DIGIT.search(text):
        text = _without_numbers(text, note)
    if note is None and len(text) <= _LONGEST_REMEMBERED:
        return _known_words(text)
    return _words(text, note)


def _words(text: str, note: Note | None) -> str:
    if _HEX_LETTERS.search(text):
        text = _replaced(_HEX, "#", text, Part.ID, note)
    return _collapsed(text.lower())


@lru_cache(maxsize=2048)
def _known_words(text: str) -> str:
    """Remember the words of a text without its numbers: messages that differ in these alone are most of all."""
    return _words(text, None)


def _collapsed(text: str) -> str:
    """Return `text` with one `#` for numbers side by side, without punctuation, each line once."""
    if "#" in text:
        text = merged_numbers(text)
    if text.count("<quoted>") > 1:
        text = _QUOTED_LIST.sub("<quoted>", text)
    for mark in _PUNCTUATION:
        text = text.replace(mark, " ")
    if "\n" in text:
        text = " ".join(dict.fromkeys([line.strip() for line in text.split("\n")]))
    return " ".join(text.split()).strip(" .!?")[:_KEPT_CHARACTERS]


def _replaced(pattern: re.Pattern[str], by: str, text: str, part: Part, note: Note | None) -> str:
    if note is None:
        return pattern.sub(by, text)

    def replace(found: re.Match[str]) -> str:
        note(part, found[0].strip())
        return by

    return pattern.sub(replace, text)


def _without_quoted(text: str, note: Note | None) -> str:
    parts, begin = [], 0
    for each in quotations(text):
        parts.append(text[begin : each.start])
        begin = each.end
        if each.kind is Quoted.VALUE:
            parts.append("<quoted>")
        elif each.kind is Quoted.TEXT:
            parts.append(f" {each.content} ")
        else:
            parts.append(f" {TOKEN.sub(_without_digits, each.content)} ")
        if note is not None and each.kind is not Quoted.TEXT:
            note(Part.VALUE if each.kind is Quoted.VALUE else Part.NAME, each.content)
    return "".join((*parts, text[begin:])) if parts else text


def _without_digits(token: re.Match[str]) -> str:
    return _DIGIT.sub("", token[0])


def _sorted(names: re.Match[str]) -> str:
    return f"[{', '.join(sorted(name.strip() for name in names[1].split(',')))}]"


def _without_value(pair: re.Match[str], note: Note | None) -> str:
    if says(pair[1]) is Says.CODE or says(pair[1]) is Says.TEXT:
        return pair[0]
    if note is not None:
        note(Part.PAIR, pair[0])
    return f"{pair[1]}=#"


def _without_addresses(text: str, note: Note | None) -> str:
    """Return `text` without links and mail addresses, and with lists of names in one order."""
    if "://" in text or "www." in text:
        text = _replaced(_LINK, "<link>", text, Part.LINK, note)
    if "@" in text:
        text = _replaced(_MAIL, "<mail>", text, Part.MAIL, note)
    return _NAMES.sub(_sorted, text) if "[" in text else text


def _without_ids(text: str, note: Note | None) -> str:
    """Return `text` without ids that are named as ids, hosts, versions of servers and paths of files."""
    if _may_name_id(text) and _ID_WORD.search(text.lower()):
        text = _NAMED_ID.sub(lambda found: _without_id(found, note), text)
    if (text.find(".", 0, -1) >= 0 and _IN_NAME.search(text)) or "localhost" in text:
        text = _replaced(_HOST, "#", text, Part.HOST, note)
        text = _replaced(_FILE_NAME, "#", text, Part.FILE, note)
    if "/" in text or "\\" in text:
        if _IN_VERSION.search(text):
            text = _replaced(_SERVER, "", _HTTP_VERSION.sub(r"\1", text), Part.SERVER, note)
        if "." in text:
            text = _replaced(_FILE, "", text, Part.FILE, note)
    return text


def _may_name_id(text: str) -> bool:
    for mark in _ID_MARKS:  # noqa: SIM110 - `any` with a generator takes twice as long
        if mark in text:
            return True
    return False


def _without_id(found: re.Match[str], note: Note | None) -> str:
    if note is not None:
        note(Part.ID, found[3])
    return f"{found[1]}{found[2]}#"


def _without_numbers(text: str, note: Note | None) -> str:
    def replace(token: re.Match[str]) -> str:
        is_code = is_told_as_code(text, token.start(), token.end())
        if note is not None:
            note(Part.CODE if is_code else Part.NUMBER, token[0])
        return token[0] if is_code else "#"

    return TOKEN.sub(replace, text)
