"""Plain text of a message that is wrapped in HTML, XML, JSON or a stack trace."""

import html
import re
import unicodedata
from typing import Final

#: Characters that are read. Ample, so that a part of varying length does not decide which words after it are seen.
_READ_CHARACTERS: Final = 2000
_MAX_NESTED: Final = 3  # JSON in a string of JSON

_WORDS = (
    r"(?:error_?message|message|msg|errors?|error_?description|description|details?|reason|cause|code|type"
    r"|mensagem|descri[cç][aã]o|detalhes?|motivo|erro|c[oó]digo|mensaje|descripci[oó]n|detalles?|causa)"
)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)(?:\]\]>|$)", re.DOTALL)
_UNSEEN = re.compile(r"<(script|style|svg|head)\b[^>]*>.*?(?:</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(r"<title[^<>]{0,100}>([^<]{0,300})</title", re.IGNORECASE)
_SAID_IN_TAG = re.compile(rf"\b{_WORDS}\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
#: A tag. It begins with a name: "stock < minimum" has none.
_TAG = re.compile(r"</?[A-Za-z!?][^<>]{0,500}>")
_JSON = re.compile(r"[\[{]\s{0,20}\\?[\"']")
_SAID_IN_JSON = re.compile(
    rf"[\"']{_WORDS}[\"']\s*:\s*\[?\s*(?:\"((?:[^\"\\]|\\.)*+)|'((?:[^'\\]|\\.)*+))", re.IGNORECASE | re.DOTALL
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
#: A stack frame of Java, JavaScript, .NET in three languages, PHP; and of Java in one line.
_FRAME = re.compile(
    r"^[ \t]+(?:at|em|en)\s\S.*$|^[ \t]*\.\.\. \d+ .*$|^#\d+ .*$|\s{1,20}at\s[\w$.<>/]{1,200}\([^()\n]{0,200}\)",
    re.MULTILINE,
)
_INDENTED = re.compile(r"^[ \t]+\S.*$", re.MULTILINE)
_TRACEBACK = "Traceback (most recent call last)"


def plain(message: str) -> str:
    """Return the text of `message`: of a stack trace the messages, of JSON the fields that usually hold a message.

    The result is not exact and not meant to be read: it is for comparing messages of the same origin.
    """
    text = message if message.isascii() else unicodedata.normalize("NFC", message)
    if "<" in text or "&" in text:
        text = _without_markup(text)
    text = text[:_READ_CHARACTERS]
    if "\n" in text or " at " in text:
        text = _without_frames(text)
    for _ in range(_MAX_NESTED):
        found = _JSON.search(text) if "{" in text or "[" in text else None
        if found is None:
            break
        text = f"{text[: found.start()]} {_said(text[found.start() :])}"
    return _unwrapped(text.strip())


def _without_markup(text: str) -> str:
    text = html.unescape(text) if "&" in text else text
    if "<" not in text:
        return text
    text = _CDATA.sub(r"\1", text)
    told = [*_TITLE.findall(text), *(double or single for double, single in _SAID_IN_TAG.findall(text))]
    return _TAG.sub(" ", " ".join([*told, _UNSEEN.sub(" ", text)]))


def _without_frames(text: str) -> str:
    if _TRACEBACK in text:
        return _INDENTED.sub(" ", text)
    return _FRAME.sub(" ", text)


def _said(json: str) -> str:
    """Return the message in JSON, which may be cut off or be a Python dict; all its words when no field holds one."""
    said = [double or single for double, single in _SAID_IN_JSON.findall(json)]
    return " ".join(_unescaped(each) for each in said) if any(said) else _unescaped(json).translate(_NO_QUOTES)


_NO_QUOTES: Final = {ord(quote): " " for quote in "\"'{}[]"}


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return {"n": "\n", "r": " ", "t": " "}.get(escape[2], escape[2])


def _unwrapped(text: str) -> str:
    """Return `text` without quotation marks around the whole."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`" and text[0] not in text[1:-1]:
        return text[1:-1]
    return text
