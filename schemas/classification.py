"""Classification of failures: what goes away by itself, what needs somebody, and what nobody knows.

The class decides what is tried again by itself (schemas.automatic_rule). Pure: what the errors, the message and the
evidence of a result say. What means that the marketplace had no time is in schemas.busy, what its answer blames on what
was sent in schemas.permanent, and what categories and statuses mean in schemas.error_meaning; this adds the words of
what never reached it.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from schemas.busy import Said, is_busy_by, is_busy_code, is_busy_message, name_of, status_of
from schemas.error_class import ErrorClass
from schemas.error_meaning import CATEGORIES, of_status
from schemas.fault import ToldError, rank
from schemas.json_document import value_of
from schemas.permanent import is_full, is_permanent_code, words_of
from schemas.spelling import MAX_CHARACTERS, Spelling, any_of, remembered

#: Spellings of a code of the transport. In lower case, its words divided by spaces.
TRANSPORT_CODES: Final = (
    Spelling(r"\b(?:enotfound|enetunreach|enetdown|ehostdown|epipe|eproto|econnection)\b", "Node.js, libuv"),
    Spelling(r"\bund err (?:socket|connect timeout|headers timeout|body timeout)\b", "undici: fetch of Node.js"),
    Spelling(
        r"\beai (?:noname|fail|nodata)\b|\bgetaddrinfo\b|\bgaierror\b|\bnxdomain\b|\bserv ?fail\b",
        "getaddrinfo; RFC 1035",
    ),
    Spelling(r"\berr (?:name not resolved|internet disconnected|address unreachable)\b", "Chromium's net errors"),
    Spelling(r"\b(?:dns|name ?resolution|name ?lookup)(?: ?(?:error|failed|failure|lookup))*\b", "HTTP libraries"),
    Spelling(r"\bunknown ?host\b|\bno ?route ?to ?host\b|\bhost ?unreachable\b|\bnetwork ?(?:error|failure)\b", "Java"),
    Spelling(r"\b(?:ssl|tls) ?(?:error|exception|handshake|alert|protocol|eof)", "OpenSSL; Java: SSLException"),
    Spelling(r"\bc ?urle? (?:error )?(?:5|6|16|18|35|92)\b", "libcurl: no name, HTTP/2, part of a file, TLS"),
    Spelling(r"\bbroken ?pipe\b|\bconnect ?exception\b|\bproxy ?(?:error|failure)\b", "Java; HTTP libraries"),
    Spelling(r"\b(?:deadlock|lock ?wait ?timeout|could ?not ?serialize|serialization ?failure)\b", "databases"),
    Spelling(r"\b(?:40001|40p01|08006|08001|08003|57p01|57p03)\b", "SQLSTATE classes 08, 40, 57"),
)
#: Spellings in a sentence.
TRANSPORT_MESSAGES: Final = (
    Spelling(r"getaddrinfo|\bname or service not known|\btemporary failure in name resolution", "libc"),
    Spelling(
        r"\bcould ?n[o']t resolve (?:the )?(?:host|name|proxy)|\bunknown ?host|\bdns (?:error|lookup|fail)", "libcurl"
    ),
    Spelling(r"\bno route to host|\bnetwork is unreachable|\bhost is (?:down|unreachable)", "errno"),
    Spelling(
        r"\b(?:ssl|tls)[ _-]?(?:handshake|error|exception|alert)|\bssl_error_|\bhandshake (?:failed|failure)", "OpenSSL"
    ),
    Spelling(r"\bunexpected eof\b|\bbroken pipe\b|\bpremature (?:eof|close|end)|\bnetwork error\b", "HTTP libraries"),
    Spelling(
        r"\b(?:server|peer|remote end) closed (?:the )?connection|\bconnection (?:lost|dropped)", "HTTP libraries"
    ),
    Spelling(r"\bdeadlock (?:detected|found)|\block wait timeout|\bcould not serialize access", "PostgreSQL; MySQL"),
    Spelling(
        r"falha (?:de|na) (?:conex[aã]o|rede)|erro de (?:conex[aã]o|rede)|error de (?:conexi[oó]n|red)\b", "connectors"
    ),
)

#: Parts of words of which every spelling in a sentence has one: most sentences have none, and are not searched.
_HINTS: Final = (
    *("getaddrinfo", "known", "resol", "dns", "route", "network", "host", "ssl", "tls", "handshake", "eof", "pipe"),
    *("premature", "close", "connection", "deadlock", "lock wait", "serialize", "conex", "red"),
)
_TRANSPORT_CODE, _TRANSPORT_MESSAGE = map(any_of, (TRANSPORT_CODES, TRANSPORT_MESSAGES))


class _Told(NamedTuple):
    code: str | None
    message: str | None
    severity: str | None
    category: str | None


def class_of_texts(errors: str | None, message: str | None, response: str | None) -> ErrorClass:
    """Return the class of a failed result as it is stored: `errors` and `response` are texts of JSON, or absent.

    What no parser reads says nothing, so it is of an unknown class.
    """
    try:
        listed = value_of(errors.encode()) if errors else None
        evidence = value_of(response.encode()) if response else None
    except (ValueError, RecursionError):
        return ErrorClass.UNKNOWN
    told = [
        _Told(*(_text(each.get(name)) for name in _Told._fields))
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict)
    ]
    return error_class(told, message, evidence)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def error_class(errors: Sequence[ToldError], message: str | None, response: Any) -> ErrorClass:
    """Return the class of a failed result, by its gravest errors, its own message and the evidence of its answer.

    One error that is permanent makes all of it so; it is busy, or of the transport, only if each error is. A status of
    the evidence counts before all words.
    """
    first = min((rank(each.severity) for each in errors), default=0)
    gravest = [each for each in errors if rank(each.severity) == first]
    said = [Said(each.code, each.message, each.category) for each in gravest]
    status = status_of(response)
    if is_busy_by(said, message, status):
        return ErrorClass.BUSY
    if of_status(status).error is ErrorClass.PERMANENT:
        return ErrorClass.PERMANENT
    classes = {_of_error(each.code, each.message or message, each.category) for each in gravest} or {
        _of_error(None, message, None)
    }
    if ErrorClass.PERMANENT in classes or ErrorClass.UNKNOWN in classes:
        return ErrorClass.PERMANENT if ErrorClass.PERMANENT in classes else ErrorClass.UNKNOWN
    return ErrorClass.TRANSPORT if ErrorClass.TRANSPORT in classes else ErrorClass.BUSY


def _of_error(code: str | None, message: str | None, category: str | None) -> ErrorClass:
    """Return the class of one error: its code says more than its category, and that more than its sentence."""
    if is_busy_code(code, message):
        return ErrorClass.BUSY
    if is_transport_code(code):
        return ErrorClass.TRANSPORT
    if is_permanent_code(code) or is_full(message):
        return ErrorClass.PERMANENT
    if (meaning := CATEGORIES.get(name_of(category))) and meaning.error is not ErrorClass.UNKNOWN:
        return meaning.error
    if is_busy_message(message):
        return ErrorClass.BUSY
    return ErrorClass.TRANSPORT if is_transport_message(message) else ErrorClass.UNKNOWN


@remembered
def is_transport_code(code: str | None) -> bool:
    """Return True for an error code that says that the marketplace was not reached."""
    return _TRANSPORT_CODE.search(words_of(code)) is not None


def is_transport_message(message: str | None) -> bool:
    """Return True for a sentence that says so in its beginning."""
    beginning = (message or "")[:MAX_CHARACTERS].lower()
    return any(each in beginning for each in _HINTS) and _TRANSPORT_MESSAGE.search(beginning) is not None
