"""Plain text of a message that is wrapped in HTML, XML, JSON or a stack trace."""

import re
import unicodedata
from typing import Final

from schemas.fingerprint.json_text import BEGIN, json_text, unescaped
from schemas.fingerprint.markup import markup_text

#: Characters of a message that are looked at: a page of 50,000 has told what is wrong.
LOOKED_AT: Final = 50_000
#: Characters of its text that are read. Ample, so that a part of varying length does not decide which words are seen.
_READ_CHARACTERS: Final = 2000

#: A stack frame of Java, JavaScript, .NET in three languages, PHP, Go, Ruby; and of Java in one line.
_FRAME: Final = re.compile(
    r"^[ \t]+(?:at|em|en)\s\S.*$|^[ \t]*\.\.\. \d+ .*$|^#\d+ .*$|^\t/\S+:\d+.*$|^[ \t]+from \S+:\d+.*$"
    r"|\s{1,20}at\s[\w$.<>/]{1,200}\([^()\n]{0,200}\)|^Stack trace:.*$",
    re.MULTILINE,
)
_INDENTED: Final = re.compile(r"^[ \t]+\S.*$", re.MULTILINE)
_SPACES: Final = re.compile(r"  +")
_TRACEBACK: Final = "Traceback (most recent call last)"


def plain(message: str) -> str:
    """Return the text of `message`: of a stack trace the messages, of JSON, XML and HTML what says what is wrong.

    The first 50,000 characters are looked at, and 2,000 of their text are read. The result is not exact and not meant
    to be read: it is for comparing messages of the same origin.
    """
    text = message[:LOOKED_AT]
    if text[:1] == text[-1:] == '"' and '\\"' in text:
        text = unescaped(text[1:-1])  # all of it is a string of JSON
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    if "<" in text or "&" in text:
        text = markup_text(text)
    text = text[:_READ_CHARACTERS]
    if "\n" in text or " at " in text:
        text = _without_frames(text)
    json = BEGIN.search(text) if "{" in text or "[" in text else None
    if json is not None:
        text = f"{text[: json.start()]} {json_text(text[json.start() :])}"
    if "  " in text:
        text = _SPACES.sub(" ", text)
    return _unwrapped(text.strip())


def _without_frames(text: str) -> str:
    if _TRACEBACK in text:
        return _INDENTED.sub(" ", text)
    return _FRAME.sub(" ", text)


def _unwrapped(text: str) -> str:
    """Return `text` without quotation marks around the whole."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`" and text[0] not in text[1:-1]:
        return text[1:-1]
    return text
