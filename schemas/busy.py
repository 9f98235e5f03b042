"""Answers that say that the marketplace had no time: it was throttling, down or too slow, so nothing was tried.

Such an answer counts neither for nor against reprocessing; the item is tried again later, and enough of them open the
breaker. Pure tables: what marketplaces, clouds and HTTP libraries call it, in codes, in sentences, in the status of the
evidence. Most vendors say "unavailable", "limit" and "timeout" of a product, a seller or a delivery as well, so that
those words count only beside words about the call itself.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from schemas.error_class import ErrorClass
from schemas.error_meaning import of_status

#: Characters of a message, or of evidence that is text, that are looked at: a page of HTML says it in its title.
MAX_CHARACTERS: Final = 2000
#: Levels of the evidence in which a status is looked for.
MAX_LEVELS: Final = 3


class Spelling(NamedTuple):
    """A way to say it, and where it is documented."""

    pattern: str  # a regular expression
    source: str


#: Spellings in a code, wherever they are in it. Its words are in lower case; ` . ` divides the parts of a dotted code.
IN_CODES: Final = (
    Spelling(r"too ?many ?(?:api )?(?:requests?|calls?)", "RFC 6585, 429; Allegro, Mercado Libre, Azure, AWS"),
    Spelling(r"(?<!tax )(?<!shipping )(?<!freight )(?<!commission )(?<!discount )(?<!exchange )rate ?limit", "Google"),
    Spelling(r"\brate exceeded", "AWS; Amazon SP-API"),
    Spelling(r"\bthrottl", "AWS SDK, retries; Shopify, GraphQL Admin API: THROTTLED; Amazon MWS: RequestThrottled"),
    Spelling(r"\bslow ?down\b", "Amazon S3: SlowDown"),
    Spelling(
        r"requests? (?:limit|threshold|rate|quota)", "AWS: RequestLimitExceeded; Walmart: REQUEST_THRESHOLD_VIOLATED"
    ),
    Spelling(r"\b(?:bandwidth|throughput) (?:limit )?exceeded", "AWS SDK, retries; DynamoDB"),
    Spelling(r"\b(?:api|app) ?call ?limit|\bcall limit(?:ed)?\b|api access count", "Taobao, Lazada: ApiCallLimit"),
    Spelling(r"\btraffic ?limit", "Boxme"),
    Spelling(r"\bresource (?:temporarily )?exhausted\b", "gRPC status 8; Google Ads"),
    Spelling(r"\bprior request not complete\b", "AWS SDK, retries"),
    Spelling(r"^isp \.", "Taobao and Lazada Open Platform: codes that begin with isp. are of their own servers"),
    Spelling(r"\b(?:server|system|service) ?(?:is )?(?:too )?busy\b", "Azure: ServerBusy"),
    Spelling(r"\boverloaded\b", "RFC 6749, temporarily_unavailable; Slack, Stripe"),
    Spelling(r"\bbad ?gateway\b|\bgateway ?time ?out\b|\binternal ?server ?error\b", "RFC 9110, 15.6"),
    Spelling(
        r"\b(?:econnreset|econnrefused|econnaborted|etimedout|esockettimedout|eai again|ehostunreach)\b", "Node.js"
    ),
    Spelling(r"\bconnection (?:was )?(?:reset|refused|aborted|closed|timed ?out|error)", "HTTP libraries"),
    Spelling(r"\bc ?urle? (?:error )?(?:7|28|52|55|56)\b", "libcurl: no connection, time-out, no data"),
    Spelling(
        r"\b(?:http|status)(?: (?:status|code|error))* (?:408|429|5(?!01|05)\d\d)\b", "RFC 9110; http.503, HTTP_429"
    ),
)
#: A part of a dotted code that says nothing else, but for NEUTRAL words.
ALONE_IN_PART: Final = (
    Spelling(r"time ?out|timed ?out", "HTTP libraries: read_timeout, SocketTimeoutException"),
    Spelling(r"deadline exceeded", "gRPC status 4"),
    Spelling(
        r"internal (?:error|failure)|backend error|server error|system error", "Amazon SP-API; Google; Walmart; Shopee"
    ),
)
#: A whole code that says nothing else, but for NEUTRAL words.
ALONE: Final = (
    Spelling(r"unavailable", "gRPC status 14; RFC 6749; Amazon SP-API: ServiceUnavailable"),
    Spelling(
        r"quota exceeded|quota ?limit|exceeded quota", "Amazon SP-API: QuotaExceeded; YouTube: quotaExceeded; Boxme"
    ),
    Spelling(r"408|429|5(?!01|05)\d\d", "RFC 9110"),
)
_CALL: Final = """
    a api app answer application backend call client code connect connection connector daily e err error exception
    exceeded exceed fail failed failure gateway http https host internal io is isp limit marketplace net network of
    operation per platform proxy read remote request requests response server service site sock socket soap status
    system temporarily temporary the to top upstream url usage user web write
"""
#: Words about the call, not about what was sent with it.
NEUTRAL: Final = frozenset(_CALL.split())
#: A part that is one of these makes `x.timeout` a time-out of something else.
_OF_SOMETHING_ELSE: Final = frozenset(
    {"session", "login", "token", "auth", "payment", "delivery", "reservation", "cart", "checkout", "offer"}
)

_HTTP: Final = r"(?:408|429|5(?!01|05)\d\d)"
#: Condition that no place or purpose follows: "service unavailable for this postal code" is about the shipment.
_NOWHERE: Final = r"(?! (?:for|in|at|to|para|em|no|na|nesta|neste|nessa|en|a) )"
#: Spellings in a sentence.
IN_MESSAGES: Final = (
    Spelling(
        r"too many (?:api )?(?:requests|calls|queries)|muitas (?:requisi|solicita)"
        r"|demasiadas (?:peticiones|solicitudes)",
        "429",
    ),
    Spelling(
        r"\brate.?limit(?:ed|ing)?\b(?! of \d+ ?%)|\brate exceeded\b|\bthrottl(?:ed|ing)\b|\bslow down\b",
        "AWS; Shopify",
    ),
    Spelling(r"limite de (?:requisi|solicita|chamadas|peticiones|llamadas)", "Brazilian and Spanish marketplaces"),
    Spelling(
        r"\b(?:request|call|api|query|queries) (?:limit|rate|quota)s? (?:was |is |has been )?(?:reached|exceeded)",
        "Meta",
    ),
    Spelling(
        r"number of (?:requests|queries|calls)[^.]{0,40} exceeded|exceeded (?:your|the) (?:\w+ )?quota\b",
        "Allegro; Amazon SP-API",
    ),
    Spelling(r"quota exceeded for (?:quota )?(?:metric|group)|queries per (?:minute|second)", "Google"),
    Spelling(
        r"请求(?:过于)?频繁|访问频繁|系统繁忙|服务器?繁忙|限流|请求超时|连接超时|リクエストが多すぎ|タイムアウト",
        "Taobao; Shopee; Rakuten",
    ),
    Spelling(
        rf"\b{_HTTP}\W{{1,3}}(?:bad gateway|service (?:temporarily )?unavailable|gateway time|internal server error"
        r"|too many)",
        "RFC 9110",
    ),
    Spelling(
        r"\bbad gateway\b|\bgateway time-?out\b|\binternal server error\b"
        rf"|\bservice (?:is )?(?:temporarily )?unavailable\b{_NOWHERE}",
        "RFC 9110",
    ),
    Spelling(
        r"\b(?:server|system|api|servi[cç]o|servicio|sistema|servidor|endpoint|gateway)(?: est[aá]| is)?"
        r"(?: currently| temporarily| temporariamente| temporalmente| momentaneamente)?"
        r"(?: busy| overloaded| unavailable| indispon[ií]vel| no disponible"
        rf"| sobrecarregad| sobrecargad)\w*{_NOWHERE}",
        "marketplaces' own pages",
    ),
    Spelling(
        r"\b(?<!session )(?<!login )(?<!payment )(?<!offer )timed out\b|\bdeadline exceeded\b", "HTTP libraries; gRPC"
    ),
    Spelling(
        r"\b(?:request|connection|connect|read|socket|server|upstream|operation|response|http|api|gateway)"
        r"(?: request)? ?time-?out|\btimeout (?:of|after|exceeded|error|expired|was reached|awaiting)|sockettimeout",
        "HTTP libraries",
    ),
    Spelling(
        r"tempo (?:limite|de espera)[^.]{0,30}(?:esgotad|excedid|expir)"
        r"|tiempo (?:l[ií]mite|de espera)[^.]{0,30}(?:agotad|excedid|super)",
        "marketplaces",
    ),
    Spelling(
        r"\b(?:econnreset|econnrefused|econnaborted|etimedout|esockettimedout|eai_again)\b|socket hang up", "Node.js"
    ),
    Spelling(
        r"connection (?:was |has been )?(?:reset|refused|aborted|closed by)|\bcurl error:? (?:7|28|52|55|56)\b",
        "libcurl",
    ),
    # A status as connectors write it: "HTTP 503", "Retorno: 429", "status code 502", "returned an error: (503)".
    Spelling(
        r"\b(?:https?|status|code|c[oó]digo|retorno|retornou|returned|respond(?:ed|eu|i[oó])|respost?a|respuesta|response"
        r"|erros?|errors?|answered|with)\b"
        r"(?: ?(?:http|status|code|c[oó]digo|error|erro|an|de|of|with|com|con)\b){0,4}"
        rf"(?:/\d(?:\.\d)?)?[\s:=#(\[\"']*{_HTTP}(?![\d.,]\d|\d| ?(?:%|char|caract|word|palavr|palabr|it[eé]m|unid|unit"
        r"|px|pixel|kb|mb|k?gr?\b|cm|mm|dia|day|r\$|brl))",
        "connectors",
    ),
    Spelling(rf"(?:http_?status|status_?code|http_?code)\W{{0,4}}{_HTTP}\b", "connectors: httpStatus: 503"),
    Spelling(rf"\A\W*{_HTTP}\W*\Z", "a message that is a status"),
)

_NAMES = "status statuscode httpstatus httpstatuscode httpcode http responsestatus responsecode responsestatuscode"
#: Names of a status in the evidence, without case and signs: http_code, statusCode, `HTTP Status`.
STATUS_NAMES = frozenset(_NAMES.split())
#: Members of the evidence in which a status may be.
_AROUND: Final = frozenset(
    {"response", "error", "errors", "fault", "meta", "result", "http", "res", "body", "detail", "details"}
)
#: Statuses that a `code` of the evidence may mean; 500 is a code of its own for Lazada, whatever failed.
_CODES_OF_EVIDENCE: Final = frozenset({"429", "502", "503", "504"})
_LONGEST: Final = 10**9

_WORD: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[.:/]")
_SEVERAL_STOPS: Final = re.compile(r"[.:/]+")


def _any(spellings: Iterable[Spelling]) -> re.Pattern[str]:
    """Compile them for text in lower case, which is searched three times as fast as without regard to case."""
    return re.compile("|".join(f"(?:{each.pattern})" for each in spellings))


_STEMS: Final = """
    408 429 50 51 52 53 54 55 56 57 58 59 limit rate throttl slow quota quer second exceeded many muitas demasiadas busy
    unavailable overload indispon disponib sobrecarg gateway server timed deadline out tempo tiempo econn eai_ hang
    reset refused aborted closed curl 频 忙 限流 超时 リクエスト タイムアウト
"""
#: Parts of words of which every spelling in a sentence has one: most sentences have none, and are not searched.
_HINTS: Final = tuple(_STEMS.split())

_CODE, _PART, _WHOLE = _any(IN_CODES), _any(ALONE_IN_PART), _any(ALONE)
_MESSAGE = _any(IN_MESSAGES)
_STATUS_LINE = re.compile(r"\s*(?:HTTP/\d(?:\.\d)?\s+)?(\d{3})\b")


class Said(NamedTuple):
    """One error of an answer."""

    code: str | None
    message: str | None


def is_busy(errors: Sequence[Said], message: str | None, response: Any) -> bool:
    """Return True when a failed answer says that the marketplace had no time.

    That is what the status of the evidence says; or every one of its errors, by code or message: beside an error about
    what was sent, something was tried. `message` is the result's own, for an answer whose errors have none.
    A status of the evidence that blames the request makes sentences count for nothing; codes still do.
    """
    status = status_of(response)
    if of_status(status).error is ErrorClass.BUSY:
        return True
    to_blame = status is not None and 400 <= status < 500 and status != 403
    texts = [each.message or message for each in errors] or [message]
    codes = [each.code for each in errors] or [None]
    return all(
        is_busy_code(code) or (not to_blame and is_busy_message(text)) for code, text in zip(codes, texts, strict=True)
    )


def is_busy_code(code: str | None) -> bool:
    """Return True for an error code that means it, in any vendor's spelling."""
    if not code:
        return False
    words = " ".join("." if _SEVERAL_STOPS.fullmatch(each) else each.lower() for each in _WORD.findall(code))
    if _CODE.search(words):
        return True
    parts = [part.split() for part in words.split(" . ")] if words else []
    if _says_only(_WHOLE, [word for part in parts for word in part]):
        return True
    elsewhere = {word for part in parts for word in part} & _OF_SOMETHING_ELSE
    return not elsewhere and any(_says_only(_PART, part) for part in parts)


def _says_only(pattern: re.Pattern[str], words: list[str]) -> bool:
    """Return True when the words have a match, and beside it only neutral ones."""
    text = " ".join(words)
    found = pattern.search(text)
    if found is None or not _at_words(text, *found.span()):
        return False
    rest = f"{text[: found.start()]} {text[found.end() :]}".split()
    return set(rest) <= NEUTRAL


def _at_words(text: str, start: int, end: int) -> bool:
    return (start == 0 or text[start - 1] == " ") and (end == len(text) or text[end] == " ")


def is_busy_message(text: str | None) -> bool:
    """Return True for a sentence, a page or a stack trace that says it, in English, Portuguese, Spanish or Chinese."""
    if not text:
        return False
    beginning = text[:MAX_CHARACTERS].lower()
    return any(each in beginning for each in _HINTS) and _MESSAGE.search(beginning) is not None


def status_of(response: Any) -> int | None:
    """Return the HTTP status in the evidence, if it has one: a member by any of its names, or the first line of a text.

    Of several the outermost counts.
    """
    if isinstance(response, str):
        return _of_text(response)
    level: list[Mapping[str, Any]] = [response] if isinstance(response, Mapping) else []
    for _ in range(MAX_LEVELS):
        for each in level:
            for name, value in each.items():
                found = _status(_plain(name), value)
                if found is not None:
                    return found
        level = [
            inner
            for each in level
            for name, value in each.items()
            if _plain(name) in _AROUND
            for inner in (value if isinstance(value, list) else [value])[:1]
            if isinstance(inner, Mapping)
        ]
    return None


def _of_text(text: str) -> int | None:
    if text.lstrip()[:1] == "{" and len(text) <= MAX_CHARACTERS:
        try:
            return status_of(json.loads(text))
        except (ValueError, RecursionError):  # of a text nobody has measured how deep it is
            return None
    if line := re.match(r"\s*HTTP/\d(?:\.\d)?\s+(\d{3})\b", text):
        return int(line[1])
    title = re.search(rf"<(?:title|h1)[^>]*>\s*({_HTTP})\b", text[:MAX_CHARACTERS], re.IGNORECASE)
    return int(title[1]) if title else None


def _status(name: str, value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    # No whole number of more characters is read: Python refuses those of some thousands.
    text = value if isinstance(value, str) else str(value) if -_LONGEST < value < _LONGEST else ""
    if name in STATUS_NAMES:
        line = _STATUS_LINE.match(text)
        number = int(line[1]) if line else 0
        return number if 100 <= number < 600 else None
    if name == "code" and text in _CODES_OF_EVIDENCE:
        return int(text)
    return None


def _plain(name: str) -> str:
    return "".join(each for each in name.lower() if each.isalnum())
