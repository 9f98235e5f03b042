"""HTML and XML in a message: the text, and the codes that attributes and elements hold."""

import html
import re
from typing import Final

from schemas.fingerprint.field import Says, says
from schemas.fingerprint.vocabulary import words

_CDATA: Final = re.compile(r"<!\[CDATA\[(.*?)(?:\]\]>|$)", re.DOTALL)
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|$)", re.DOTALL)
_UNSEEN: Final = re.compile(r"<(script|style|svg|head)\b[^>]*>.*?(?:</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
_TITLE: Final = re.compile(r"<title[^<>]{0,100}>([^<]{0,300})</title", re.IGNORECASE)
#: Signature of a server below its own page of an error.
_SIGNATURE: Final = re.compile(
    r"<hr[^<>]{0,100}>\s{0,20}<(center|address|h3)>[^<]{0,200}</\1>"
    r"|<(center|address)>\s{0,20}(?:nginx|openresty|tengine|apache|cloudflare)\b[^<]{0,100}</\2>",
    re.IGNORECASE,
)
_ATTRIBUTE: Final = re.compile(r"\s([\w:.-]{1,60})\s{0,5}=\s{0,5}(?:\"([^\"<]*)\"|'([^'<]*)')")
#: A tag, with the text after it where that is short. It begins with a name: "stock < minimum" has none.
_TAG: Final = re.compile(r"<(/?)([A-Za-z!?][\w:.-]{0,80})((?:\s[^<>]{0,500})?/?)>")
_LEAF: Final = re.compile(r"<([A-Za-z][\w:.-]{0,80})(?:\s[^<>]{0,200})?>([^<]{0,300})</\1>")
_INLINE: Final = words("a abbr b bdi em font i kbd mark small span strong sub sup tt u")
_NOT_SAID: Final = frozenset({"type", "class", "status", "property", "content", "rel", "href", "text"})


def markup_text(text: str) -> str:
    """Return `text` without tags, a line for each block.

    Elements and attributes that hold a code keep their name before it; those that hold an id are left out, and so are
    scripts, comments and the signatures of servers.
    """
    text = html.unescape(text) if "&" in text else text
    if "<" not in text:
        return text
    text = _CDATA.sub(r"\1", text)
    if "<!--" in text:
        text = _COMMENT.sub(" ", text)
    titles = [f"{title}\n" for title in _TITLE.findall(text)]
    text = _SIGNATURE.sub(" ", _UNSEEN.sub(" ", text))
    return "".join([*titles, _TAG.sub(_line, _LEAF.sub(_element, text))])


def _element(leaf: re.Match[str]) -> str:
    """Return an element without others in it: its name and text for a code, nothing for an id, else what it was."""
    kind = says(leaf[1])
    if kind is Says.ID:
        return "\n"
    return f"\n{leaf[1].rpartition(':')[2]} {leaf[2]}\n" if kind is Says.CODE else leaf[0]


def _line(tag: re.Match[str]) -> str:
    """Return what stands for a tag: a new line, with the messages and codes of its attributes."""
    if tag[2].lower() in _INLINE:
        return " "
    if "=" not in tag[3]:
        return "\n"
    said = []
    for name, double, single in _ATTRIBUTE.findall(tag[3]):
        kind = says(name) if name.lower() not in _NOT_SAID else Says.NOTHING
        if kind is Says.TEXT:
            said.append(double or single)
        elif kind is Says.CODE:
            said.append(f"{name} {double or single}")
    return "\n" + "".join(f"{each}\n" for each in said)
