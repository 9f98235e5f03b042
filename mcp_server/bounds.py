"""The size of an answer: an assistant reads all of it, and has room for so much."""

import json
from typing import Any, Final

from mcp_server.refused import RefusedError

#: Characters of an answer's JSON. Assistants commonly stop reading at 25,000 tokens, of about three characters each.
MAX_CHARACTERS: Final = 60_000
#: Characters of one text of an answer, as many as fit: the first of these with which the whole is small enough.
TEXT_CHARACTERS: Final = (4_000, 1_000, 300)
#: Texts that are of no use when they are cut.
_WHOLE: Final = frozenset({"next_page_token", "key", "q", "filter", "event_id", "differences", "editable", "pointer"})


#: Ways to get a smaller answer of most tools.
LESS: Final = "a smaller page_size, or a narrower filter"


def bounded(answer: dict[str, Any], most: int = MAX_CHARACTERS, *, less: str = LESS) -> dict[str, Any]:
    """Return an answer of at most `most` characters of JSON: with its longest texts cut, which say how long they were.

    `less`: how to ask for less, for who is refused.

    Keys, filters, page tokens, names of fields and what a correction changes are never cut. Raises RefusedError when
    that is not enough.
    """
    size = 0
    for characters in TEXT_CHARACTERS:
        cut: dict[str, Any] = _cut(answer, characters)
        size = len(json.dumps(cut, ensure_ascii=False))
        if size <= most:
            return cut
    raise RefusedError(f"The answer has {size:,} characters, and at most {most:,} are given. Ask for less: {less}.")


def _cut(value: Any, characters: int) -> Any:
    if isinstance(value, dict):
        return {name: each if name in _WHOLE else _cut(each, characters) for name, each in value.items()}
    if isinstance(value, list):
        return [_cut(each, characters) for each in value]
    if isinstance(value, str) and len(value) > characters:
        return f"{value[:characters]}… (cut: {len(value):,} characters in all)"
    return value
