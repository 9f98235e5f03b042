"""A message as plain text, whatever it was wrapped in: HTML, XML, JSON, or a stack trace. What it says is kept."""

import html
import re
import unicodedata
from typing import Final

#: So much is read. What varies in length must not decide which of the words after it are seen, so it is ample.
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
#: A tag begins with a name: "stock < minimum" is none.
_TAG = re.compile(r"</?[A-Za-z!?][^<>]{0,500}>")
_JSON = re.compile(r"[\[{]\s{0,20}\\?[\"']")
_SAID_IN_JSON = re.compile(
    rf"[\"']{_WORDS}[\"']\s*:\s*\[?\s*(?:\"((?:[^\"\\]|\\.)*+)|'((?:[^'\\]|\\.)*+))", re.IGNORECASE | re.DOTALL
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
#: Of Java, JavaScript, .NET in three languages, PHP; and of Java in one line.
_FRAME = re.compile(
    r"^[ \t]+(?:at|em|en)\s\S.*$|^[ \t]*\.\.\. \d+ .*$|^#\d+ .*$|\s{1,20}at\s[\w$.<>/]{1,200}\([^()\n]{0,200}\)",
    re.MULTILINE,
)
_INDENTED = re.compile(r"^[ \t]+\S.*$", re.MULTILINE)
_TRACEBACK = "Traceback (most recent call last)"


def plain(message: str) -> str:
    """The text of `message`. Of a stack trace its messages, of JSON what its fields say that are made to say something.

    Not exact, and not meant to be read: it is for comparing messages that were made alike.
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
    """What JSON says, which may be cut off, or be a dict of Python; all its words where no field is made to say it."""
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
    """Without quotation marks around the whole."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`" and text[0] not in text[1:-1]:
        return text[1:-1]
    return text
