"""Quoted text: the name of a field tells faults apart, a title or an id does not, and a quoted message is a message."""

import re
from collections.abc import Iterator
from enum import Enum
from typing import Final, NamedTuple

from schemas.fingerprint.field import Says, says
from schemas.fingerprint.vocabulary import ENUMS, LABELS, LINKS, MESSAGES, OF, OF_FIELDS, VALUES

_LONGEST: Final = 300


class Quoted(Enum):
    """Kinds of quoted text."""

    NAME = "name"  # of a field, a status, a member of an enum: kept
    TEXT = "text"  # a message: read like any other
    VALUE = "value"  # of an entity: a title, an id, an amount


class Quotation(NamedTuple):
    """A place of a text between quotation marks, these included."""

    start: int
    end: int
    content: str
    kind: Quoted


#: Quoted text. An apostrophe within a word does not begin any.
_QUOTED: Final = re.compile(
    rf""" "[^"\n]{{0,{_LONGEST}}}" | '(?<!\w')[^'\n]{{0,{_LONGEST}}}'(?!\w) | `[^`\n]{{0,{_LONGEST}}}`
    | “[^”\n]{{0,{_LONGEST}}}[”“] | ‘[^’\n]{{0,{_LONGEST}}}’ | «[^»\n]{{0,{_LONGEST}}}»
    | „[^“”\n]{{0,{_LONGEST}}}[“”] | 「[^」\n]{{0,{_LONGEST}}}」 | 『[^』\n]{{0,{_LONGEST}}}』
    | 【[^】\n]{{0,{_LONGEST}}}】 """,
    re.VERBOSE,
)

#: Sentences about a field, after its name.
_SAID_OF_NAMES: Final = re.compile(
    r"""\s*(?:\(s\)\s*)?(?:[:,-]\s*)?(?:
    (?:is|are|was|were)\s+(?:a\s+)?(?:required|missing|mandatory|not\s+supplied|not\s+provided|not\s+set|empty|blank|null
        |undefined|deprecated|read-?only|not\s+allowed\s+here)
    |must\s+(?:be\s+(?:provided|filled|present|set|specified|one\s+of)|not\s+be\s+(?:null|blank|empty)|have\b|contain\b)
    |(?:can(?:no|'|’)?t|can\snot|may\s+not|should\s+not)\s+be\s+(?:null|blank|empty|missing|omitted)
    |(?:field|attribute|property|parameter|column|header)\b
    |(?:é|são|sao|e)\s+(?:um\s+campo\s+)?obrigat|obrigat|(?:deve|devem|precisa)\s+ser\s+(?:informad|preenchid)
    |(?:não|nao)\s+(?:foi\s+|foram\s+)?(?:informad|preenchid)|ausente|não\s+pode\s+(?:ser|estar|ficar)\s+(?:nul|vazi|em\s)
    |(?:es|son)\s+(?:obligatori|requerid)|no\s+puede\s+(?:ser|estar)\s+(?:nul|vac)|(?:no\s+fue\s+)?(?:informad|faltante)
    |列|字段|属性|栏|项目|項目|欄|必填|为必填|是必填|不能为空|不可为空|缺失|未填|必须|は必須|が必要|が未|필수|обязател|не\s+заполнен
    )""",
    re.VERBOSE | re.IGNORECASE,
)
#: Exceptions quote their messages: `SSLError(1, '…')`.
_CALL: Final = re.compile(r"(?:(?:Error|Exception|Failure|Fault|Timeout|Warning)\((?:-?\d{1,6},\s*)?|\(-?\d{1,6},\s*)$")
_BETWEEN: Final = re.compile(r"\s*(?:(?:[,;/|]|\b(?:e|y|o|ou|and|or)\b|、|，|和|或)\s*){1,2}")
_IDENTIFIER: Final = re.compile(
    r"[A-Za-z_$@][\w$@]*(?:(?:[.:/-]|::|\[\d*\]\.?)[A-Za-z_$@#\d][\w$@]*){0,12}(?:\[\d*\])?"
)
_TOLD_BY_SHAPE: Final = re.compile(
    r"""[^a-z]*[A-Z][^a-z]*[A-Z][^a-z]*  # GTIN, ITEM_CONDITION
    | [a-z][a-z]+                        # brand
    | \w*[a-z][A-Z]\w*                   # shipmentId, LabelOwner
    | .*[A-Za-z][_.:][A-Za-z].*          # item_type_keyword, package.weight
    | .*\[.*""",
    re.VERBOSE,
)
_FILE: Final = re.compile(r"\.(?:jpe?g|png|gif|webp|xml|csv|xlsx?|pdf|zip|txt|json|php|py|js|html?)$", re.IGNORECASE)
#: Names of a series: `bullet_point_3`, `address2`, `imageUrl1`, `items[0].price`.
_NUMBERED: Final = re.compile(
    r"[A-Za-z]+(?:_[A-Za-z]+)*_\d{1,2}|(?:[a-z]{3,}|[a-z]+[A-Z][A-Za-z]*)\d{1,2}|[^\d\[]*(?:(?:\[\d{0,3}\]|[./]\d{1,3}(?=[./]))[^\d\[]*)+"
)
_CODE: Final = re.compile(r"(?:[A-Za-z]{1,10}[-_]?|-)?\d{1,8}")
_ANY_DIGIT: Final = re.compile(r"\d")
_LONG_NUMBER: Final = re.compile(r"\d{3}")
_SPACELESS: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{1,10}")
#: Words of scripts without spaces: the end of what is before.
_SPACELESS_LABELS: Final = tuple(word for word in LABELS if _SPACELESS.fullmatch(word))
_SPACELESS_VALUES: Final = tuple(word for word in VALUES if _SPACELESS.fullmatch(word))
_EDGES: Final = " \t:=>([{}]),.;-\"'"
_BEFORE: Final = 48
_LONGEST_NAME: Final = 60
_MESSAGE_WORDS: Final = 4
_MOST_NAME_WORDS: Final = 3


def quotations(text: str) -> Iterator[Quotation]:
    """Yield each quotation of `text`, in order, with what it is by the words around it and by its own form."""
    last: Quotation | None = None
    kind: Quoted
    for found in _QUOTED.finditer(text):
        start, end = found.span()
        content = text[start + 1 : end - 1]
        if last is not None and last.kind is not Quoted.TEXT and _BETWEEN.fullmatch(text, last.end, start):
            kind = Quoted.NAME if last.kind is Quoted.NAME and _may_be_name(content) else Quoted.VALUE
        else:
            kind = _kind(text, start, end, content)
        last = Quotation(start, end, content, kind)
        yield last


def _kind(text: str, start: int, end: int, content: str) -> Quoted:
    """Return what is quoted by what is said before it, then by what is said after it, then by its form."""
    before = text[max(start - _BEFORE, 0) : start]
    kind = Quoted.TEXT if before[-1:] in "( " and _CALL.search(before) else _introduced(before, content)
    if kind is not None:
        return kind
    if _SAID_OF_NAMES.match(text, end) and _may_be_name(content) and content.count(" ") < _MOST_NAME_WORDS:
        return Quoted.NAME
    return _by_form(content, text[start])


def _introduced(before: str, content: str) -> Quoted | None:
    """Return what the last words before a quotation say that it is; None when they say nothing."""
    words = before.lower().split()
    word = _told(words)
    is_message = word in MESSAGES and before.rstrip()[-1:] in (":", "=", "(", ">", word[-1:])
    is_sentence = content.count(" ") >= _MESSAGE_WORDS - 1 and word.endswith(("error", "exception"))
    is_code = _CODE.fullmatch(content) is not None and says(word) is Says.CODE
    if is_message or is_sentence or is_code:
        return Quoted.TEXT
    if word in OF_FIELDS and len(words) > 1 and words[-2] in ENUMS:
        return None
    if word in LABELS or (word in OF_FIELDS and words[-1] in OF) or word.endswith(_SPACELESS_LABELS):
        return Quoted.NAME if _may_be_name(content) else Quoted.VALUE
    return Quoted.VALUE if word in VALUES or word.endswith(_SPACELESS_VALUES) else None


def _told(words: list[str]) -> str:
    """Return the word that says what comes next: the last one that links to nothing."""
    for word in reversed(words[-3:]):
        bare = word.strip(_EDGES)
        if bare and bare not in LINKS:
            return bare
    return ""


def _may_be_name(content: str) -> bool:
    """Return True for what could be the name of a field: short, without a long number, not a file."""
    return (
        0 < len(content) <= _LONGEST_NAME
        and _LONG_NUMBER.search(content) is None
        and _FILE.search(content) is None
        and any(map(str.isalpha, content))
    )


def _by_form(content: str, mark: str) -> Quoted:
    """Return what `content` is by its form alone: an identifier is a name."""
    if mark == "【" and _SPACELESS.fullmatch(content):
        return Quoted.NAME
    is_name = (
        _may_be_name(content)
        and _IDENTIFIER.fullmatch(content) is not None
        and _TOLD_BY_SHAPE.fullmatch(content) is not None
        and (_ANY_DIGIT.search(content) is None or _NUMBERED.fullmatch(content) is not None)
    )
    return Quoted.NAME if is_name else Quoted.VALUE
