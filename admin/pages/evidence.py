"""Evidence: request and response of a connector, laid out for reading. It stays text and is never interpreted."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from schemas import raw_json
from schemas.raw_json import RawJson

Kind = Literal["json", "xml", "html", "text"]
_MAX_INDENT = 12
#: Characters of markup that are laid out; the rest is shown as it came.
MOST_MARKUP_CHARACTERS = 300_000
_LONGEST_ONE_LINE = 100
#: Elements of HTML without an end tag.
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)


class Beginning(NamedTuple):
    """The part of evidence that is shown at first; the rest is loaded on request."""

    lines: int
    characters: int


#: The beginning on a log's own page.
BEGINNING = Beginning(120, 12_000)


class Evidence(NamedTuple):
    """One side of an exchange."""

    kind: Kind
    text: str  # laid out: the whole, or its beginning
    cut: bool  # there is more
    size_bytes: int  # of the whole, as it came


def original(value: RawJson) -> str:
    """Return evidence as it came: a string as it is, another JSON value as JSON."""
    return value.text if value.said is None else value.said


def lay_out(value: RawJson | None, beginning: Beginning = BEGINNING, *, whole: bool = False) -> Evidence | None:
    """Lay out evidence for reading, its beginning unless `whole`; None for no evidence.

    Of JSON, also within a string, only the white space between tokens is new: digits, order and equal names stay. It
    never fails: malformed JSON or markup stays plain text. A beginning takes milliseconds, whatever the size; a whole
    of 1 MiB at most about a second.
    """
    if value is None or value.text == "null":
        return None
    came = original(value)
    kind, laid_out = _by_kind(value, came, MOST_MARKUP_CHARACTERS if whole else 2 * beginning.characters)
    if whole:
        text, cut = "\n".join(laid_out), False
    else:
        text, cut = _first(laid_out, beginning)
        cut = cut or len(came) > 2 * beginning.characters
    return Evidence(kind, text, cut, len(came.encode("utf-8", "replace")))


def _first(laid_out: Iterable[str], beginning: Beginning) -> tuple[str, bool]:
    """Return the first lines, and True when there is more."""
    shown: list[str] = []
    characters = 0
    more = False
    for line in laid_out:
        more = len(shown) == beginning.lines or characters > beginning.characters
        if more:
            break
        shown.append(line)
        characters += len(line) + 1
    text = "\n".join(shown)
    return text[: beginning.characters], more or len(text) > beginning.characters


def _by_kind(value: RawJson, came: str, most_markup: int) -> tuple[Kind, Iterable[str]]:
    if not value.text.startswith('"'):
        return "json", raw_json.lines(came)
    stripped = came.strip()
    if stripped[:1] in {"{", "["}:
        return ("json", raw_json.lines(stripped)) if raw_json.is_json(stripped) else ("text", came.split("\n"))
    if stripped[:1] == "<" and stripped[-1:] == ">":
        beginning = stripped[:200].lower()
        kind: Kind = "html" if "<html" in beginning or "<!doctype html" in beginning else "xml"
        # Text beyond the limit stays as it is, since the cost of laying out grows with the length.
        laid_out = indent_markup(stripped[:most_markup], html=kind == "html") + stripped[most_markup:]
        return kind, laid_out.split("\n")
    return "text", came.split("\n")


def indent_markup(text: str, *, html: bool) -> str:
    """Return markup with each element on a line of its own, indented by its depth, in one pass without a parser.

    So no entity is ever expanded, and malformed markup is no error.
    """
    lines: list[str] = []
    depth = 0
    tokens = _tokens(text)
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.startswith("</"):
            depth = max(0, depth - 1)
            lines.append(_indented(depth, token))
        elif _opens(token, html=html):
            one_line = _one_line(tokens, index)
            if one_line is not None:
                lines.append(_indented(depth, "".join(one_line)))
                index += len(one_line) - 1
            else:
                lines.append(_indented(depth, token))
                depth += 1
        elif token.strip():
            lines.append(_indented(depth, token.strip()))
        index += 1
    return "\n".join(lines)


def _indented(depth: int, token: str) -> str:
    return "  " * min(depth, _MAX_INDENT) + token


def _opens(token: str, *, html: bool) -> bool:
    if not token.startswith("<") or token.startswith(("<!", "<?")) or token.endswith("/>"):
        return False
    name = token[1:].rstrip(">").split(maxsplit=1)
    return bool(name) and not (html and name[0].lower() in _VOID)


def _one_line(tokens: list[str], index: int) -> list[str] | None:
    """Return the tokens of an element that holds only a short text, or nothing; None for any other."""
    following = tokens[index + 1 : index + 3]
    if following and following[0].startswith("</"):
        return [tokens[index], following[0]]
    if len(following) == 2 and not following[0].startswith("<") and following[1].startswith("</"):
        whole = [tokens[index], following[0].strip(), following[1]]
        return whole if sum(map(len, whole)) <= _LONGEST_ONE_LINE else None
    return None


def _tokens(text: str) -> list[str]:
    """Split text into tags, comments and the parts between. A tag without an end is one token up to the text's end."""
    found = []
    at = 0
    while at < len(text):
        if text[at] != "<":
            end = text.find("<", at)
        elif text.startswith("<!--", at):
            end = _after(text, "-->", at)
        elif text.startswith("<![CDATA[", at):
            end = _after(text, "]]>", at)
        else:
            end = _after(text, ">", at)
        end = len(text) if end == -1 else end
        found.append(text[at:end])
        at = end
    return found


def _after(text: str, mark: str, at: int) -> int:
    found = text.find(mark, at)
    return -1 if found == -1 else found + len(mark)
