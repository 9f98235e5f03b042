"""Names on pages: they break where they may and show what nobody would see in them; affiliates have a colour."""

import re
from zlib import crc32

from markupsafe import Markup, escape

from schemas.characters import Part, named, parts

#: Length of a name that fits in every column.
_SHORT_CHARACTERS = 14
#: Characters of a message, and of a fingerprint, that stand for the name of a group.
_MESSAGE_CHARACTERS = 80
_NUMBER_CHARACTERS = 8
#: Colours of affiliates, by the letter of their names in the style sheet.
DOTS = "abcdefgh"
_BREAKS = re.compile(r"(?<=[._/:-])(?=[^._/:-])")
_UNSEEN = Markup('<span class="unseen" title="{}">{}</span>')


def marked(name: str) -> Markup:
    """Return a technical name that may break behind its points and dashes. Copied, it is unchanged.

    Characters that are not seen, such as a no-break space or a joiner, are marked, with their numbers in a title.
    """
    breaks = len(name) > _SHORT_CHARACTERS
    return Markup("").join(_part(each, breaks=breaks) for each in parts(name))


def _part(part: Part, *, breaks: bool) -> Markup:
    if part.unseen:
        return _UNSEEN.format(", ".join(map(named, part.unseen)), part.text)
    return Markup("<wbr>").join(_BREAKS.split(part.text)) if breaks else escape(part.text)


def group_name(code: str | None, message: str | None, fingerprint: str) -> str:
    """Return what a group of equal errors is called: its code, else the beginning of its message, else its number's."""
    return code or (message or "")[:_MESSAGE_CHARACTERS] or fingerprint[:_NUMBER_CHARACTERS]


def dot_of(affiliate: str) -> str:
    """Return the letter of an affiliate's colour, one of DOTS, always the same; only its name tells it apart."""
    return DOTS[crc32(affiliate.encode()) % len(DOTS)]
