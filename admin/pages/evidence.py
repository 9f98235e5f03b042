"""What a connector sent and what came back, laid out for reading. Only ever text: nothing of it is interpreted."""

import json
from typing import Any, Literal, NamedTuple

import orjson

Kind = Literal["json", "xml", "html", "text"]
#: What a page shows at once; the rest comes when it is asked for.
BEGINNING_LINES = 120
BEGINNING_CHARACTERS = 12_000
_MAX_INDENT = 12
#: Markup beyond this is shown as it came.
MOST_MARKUP_CHARACTERS = 300_000
_LONGEST_ONE_LINE = 100
#: Elements of HTML that have no end.
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)


class Evidence(NamedTuple):
    """One side of an exchange."""

    kind: Kind
    text: str  # laid out: the whole, or its beginning
    cut: bool  # there is more
    size_bytes: int  # of the whole, as it came


def original(value: Any) -> str:
    """As it came: a string as it is, another JSON value as JSON."""
    return value if isinstance(value, str) else _json(value)


def lay_out(value: Any, *, whole: bool = False) -> Evidence | None:
    """Evidence for reading, its beginning unless `whole`; None for none.

    Never fails: what can't be read as what it looks like stays plain text. Takes milliseconds for a beginning,
    whatever the size, and at most about a second for a whole of 1 MiB.
    """
    if value is None:
        return None
    came = original(value)
    kind, text = _by_kind(value, came, MOST_MARKUP_CHARACTERS if whole else 2 * BEGINNING_CHARACTERS)
    shown = text if whole else "\n".join(text.split("\n", BEGINNING_LINES)[:BEGINNING_LINES])[:BEGINNING_CHARACTERS]
    cut = not whole and (len(shown) < len(text) or len(came) > 2 * BEGINNING_CHARACTERS)
    return Evidence(kind, shown, cut, len(came.encode("utf-8", "replace")))


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    except TypeError:  # integers of more than 64 bits, nesting that is too deep for it
        return json.dumps(value, ensure_ascii=False, indent=2)


def _by_kind(value: Any, came: str, most_markup: int) -> tuple[Kind, str]:
    if not isinstance(value, str):
        return "json", came
    stripped = came.strip()
    if stripped[:1] in {"{", "["}:
        try:
            return "json", _json(json.loads(stripped))
        except (ValueError, RecursionError):
            return "text", came
    if stripped[:1] == "<" and stripped[-1:] == ">":
        beginning = stripped[:200].lower()
        kind: Kind = "html" if "<html" in beginning or "<!doctype html" in beginning else "xml"
        # What is beyond the limit stays as it is: laying out costs more the longer it is.
        return kind, indent_markup(stripped[:most_markup], html=kind == "html") + stripped[most_markup:]
    return "text", came


def indent_markup(text: str, *, html: bool) -> str:
    """Markup with each element on a line of its own, indented by its depth, in one pass and without reading it.

    No parser, so no entity is ever expanded and nothing that is not well-formed is an error.
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
    """An element that has only a short text, or nothing, in it."""
    following = tokens[index + 1 : index + 3]
    if following and following[0].startswith("</"):
        return [tokens[index], following[0]]
    if len(following) == 2 and not following[0].startswith("<") and following[1].startswith("</"):
        whole = [tokens[index], following[0].strip(), following[1]]
        return whole if sum(map(len, whole)) <= _LONGEST_ONE_LINE else None
    return None


def _tokens(text: str) -> list[str]:
    """Tags, comments and what is between them; joined they are the text. What has no end is one token to the end."""
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
