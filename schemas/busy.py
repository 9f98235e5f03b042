"""Answers that say that the marketplace had no time: it was throttling, down or too slow, so nothing was tried.

Such an answer counts neither for nor against reprocessing; the item is tried again later, and enough of them open the
breaker. Pure tables: what marketplaces, clouds and HTTP libraries call it, in codes, in sentences, in the status of the
evidence. Most vendors say "unavailable", "limit" and "timeout" of a product, a seller or a delivery as well, so that
those words count only beside words about the call itself. A 500 and a quota count only where nothing beside them blames
what was sent (schemas.permanent).
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from schemas.error_class import ErrorClass
from schemas.error_meaning import BUSY_STATUSES, CATEGORIES, of_status
from schemas.permanent import is_fiscal, is_permanent_code, is_permanent_message
from schemas.spelling import MAX_CHARACTERS, Spelling, any_of, remembered

#: Levels of the evidence in which a status is looked for.
MAX_LEVELS: Final = 3

#: Status of a server that failed: of one that had no time, and of one that fails whenever it gets this.
_FAILED: Final = 500
_HTTP: Final = f"(?:{'|'.join(str(status) for status in BUSY_STATUSES if status != _FAILED)})"
#: Statuses that a number means which nothing calls one. 500 is a code of its own for Lazada, whatever failed.
_BARE: Final = (408, 429, 502, 503, 504)

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
    Spelling(r"\b(?:api )?access frequency|\bcall frequency", "Alibaba, AliExpress"),
    Spelling(r"\b(?:bandwidth|throughput) (?:limit )?exceeded", "AWS SDK, retries; DynamoDB"),
    Spelling(r"\b(?:api|app) ?call ?limit|\bcall limit(?:ed)?\b|api access count", "Taobao, Lazada: ApiCallLimit"),
    Spelling(r"\btraffic ?limit", "Boxme"),
    Spelling(r"\bresource (?:temporarily )?exhausted\b", "gRPC status 8; Google Ads"),
    Spelling(r"\bprior request not complete\b", "AWS SDK, retries"),
    Spelling(r"^isp \.", "Taobao and Lazada Open Platform: codes that begin with isp. are of their own servers"),
    Spelling(r"\b(?:server|system|service) ?(?:is )?(?:too )?busy\b", "Azure: ServerBusy"),
    Spelling(r"\boverloaded\b", "RFC 6749, temporarily_unavailable; Slack, Stripe"),
    Spelling(r"\bbad ?gateway\b|\bgateway ?time ?out\b", "RFC 9110, 15.6"),
    Spelling(r"\bno ?healthy ?upstream\b", "Envoy"),
    Spelling(
        r"\b(?:econnreset|econnrefused|econnaborted|etimedout|esockettimedout|eai again|ehostunreach)\b", "Node.js"
    ),
    Spelling(r"\bconnection (?:was )?(?:reset|refused|aborted|closed|timed ?out|error)", "HTTP libraries"),
    Spelling(r"\bc ?urle? (?:error )?(?:7|28|52|55|56)\b", "libcurl: no connection, time-out, no data"),
    Spelling(rf"\bhttp(?: (?:status|code|error|\.))* {_HTTP}\b", "RFC 9110; http.503, HTTP_429"),
)
#: A part of a dotted code that says nothing else, but for NEUTRAL words.
ALONE_IN_PART: Final = (
    Spelling(r"time ?out|timed ?out", "HTTP libraries: read_timeout, SocketTimeoutException"),
    Spelling(r"deadline exceeded", "gRPC status 4"),
)
#: A whole code that says nothing else, but for NEUTRAL words.
ALONE: Final = (Spelling(r"unavailable", "gRPC status 14; RFC 6749; Amazon SP-API: ServiceUnavailable"),)
#: Codes that are a number of HTTP's: beside words of a tax authority they are one of its own.
STATUSES_IN_CODES: Final = (Spelling(rf"\bstatus(?: (?:code|error|\.))* {_HTTP}\b", "connectors: status:429"),)
STATUSES_ALONE: Final = (Spelling("|".join(map(str, _BARE)), "RFC 9110"),)
#: Spellings of a 500 and of a quota in a code: they count where nothing beside them blames what was sent.
WEAK_IN_CODES: Final = (
    Spelling(r"\binternal ?server ?error\b", "RFC 9110, 15.6.1"),
    Spelling(rf"\b(?:http|status)(?: (?:status|code|error|\.))* {_FAILED}\b", "RFC 9110; http_status_500"),
)
WEAK_IN_PART: Final = (
    Spelling(
        r"internal (?:error|failure)|backend error|server error|system error", "Amazon SP-API; Google; Walmart; Shopee"
    ),
)
WEAK_ALONE: Final = (
    Spelling(
        r"quota exceeded|quota ?limit|exceeded quota", "Amazon SP-API: QuotaExceeded; YouTube: quotaExceeded; Boxme"
    ),
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

#: Condition that no place or purpose follows: "service unavailable for this postal code" is about the shipment. A time
#: may: "indisponível no momento".
_NOWHERE: Final = (
    r"(?: (?:at|for|no|neste|nesse|en|por) (?:(?:the|this|el|este) )?(?:momento?|time|now|ahora)\b)?"
    r"(?! (?:for|in|at|to|para|em|no|na|nesta|neste|nessa|en|a) )"
)
#: Ways to write a status as connectors do: "HTTP 503", "Retorno: 429", "status code 502", "returned an error: (503)".
_TO_STATUS: Final = (
    r"(?: ?(?:http|status|code|c[oó]digo|error|erro|an|de|of|with|com|con)\b){0,4}(?:/\d(?:\.\d)?)?[\s:=#(\[\"']*"
)
_STATUS_WORDS: Final = (
    r"\b(?:https?|status|code|c[oó]digo|retorno|retornou|returned|respond(?:ed|eu|i[oó])|respost?a|respuesta|response"
    rf"|erros?|errors?|answered|with)\b{_TO_STATUS}"
)
#: Condition that the number is no amount, and counts nothing.
_NO_COUNT: Final = (
    r"(?![\d.,]\d|\d| ?(?:%|char|caract|word|palavr|palabr|it[eé]m|unid|unit|px|pixel|kb|mb|k?gr?\b|cm|mm|dia|day"
    r"|r\$|brl))"
)
_CALLS: Final = r"(?:requests?|calls?|queries|requisi[cç][oõ]es|solicita[cç][oõ]es|chamadas|peticiones|llamadas)"
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
    Spelling(
        r"l[ií]mites? de (?:requisi|solicit|chamadas|peticiones|llamadas)"
        r"|\blimite de taxa (?:foi )?(?:excedid|atingid|ultrapassad)|\btaxa limite (?:foi )?excedida",
        "Brazilian and Spanish marketplaces; 429 as it is translated",
    ),
    Spelling(
        r"\b(?:request|call|api|query|queries)(?: usage)? (?:limit|rate|quota|threshold)s? "
        r"(?:(?:was|is|has been) )?(?:reached|exceeded|violated)",
        "Meta; Walmart",
    ),
    Spelling(r"\b(?:app|api) call limit(?:ed)?\b", "Taobao, Lazada: App Call Limited"),
    Spelling(
        r"\b(?:access|call|request) frequency (?:exceed|is too high|too high|limit)"
        r"|\breduce (?:your )?request rates?\b",
        "AliExpress; Shopify",
    ),
    Spelling(
        rf"\bexceed\w* (?:\w+ ){{0,4}}{_CALLS} (?:per|a) (?:second|minute|hour|day)\b"
        rf"|\b{_CALLS} (?:por|a) (?:segundo|minuto|hora)\b|\bqueries per (?:minute|second)",
        "Shopify; Google",
    ),
    Spelling(r"number of (?:requests|queries|calls)[^.]{0,40} exceeded", "Allegro"),
    Spelling(
        r"请求(?:过于)?频繁|访问频繁|系统繁忙|服务器?繁忙|限流|请求超时|连接超时|(?:访问|调用|请求)(?:频率|次数)超"
        r"|リクエストが多すぎ|タイムアウト",
        "Taobao; Shopee; Rakuten",
    ),
    Spelling(
        rf"\b{_HTTP}\W{{1,3}}(?:bad gateway|service (?:temporarily )?unavailable|gateway time|too many)", "RFC 9110"
    ),
    Spelling(
        r"\bbad gateway\b|\bgateway time-?out\b"
        rf"|\bservice (?:is )?(?:temporarily )?unavailable\b{_NOWHERE}",
        "RFC 9110",
    ),
    Spelling(r"\bno healthy upstream\b|\bupstream connect error\b", "Envoy"),
    Spelling(r"\bservi[cç]o paralisado\b", "SEFAZ: cStat 108 and 109"),
    Spelling(
        r"\b(?:server|system|api|servi[cç]o|servicio|sistema|servidor|endpoint|gateway)(?: est[aá]| is)?"
        r"(?: currently| temporarily| temporariamente| temporalmente| momentaneamente)?"
        r"(?: (?:too )?busy| overloaded| unavailable| indispon[ií]vel| no disponible"
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
    Spelling(r"\A\W*(?:(?:error|erro|err|exception)\W+)?time[- ]?out(?: (?:error|exception))?\W*\Z", "HTTP libraries"),
    Spelling(
        rf"(?:\b|_)http(?:_?(?:status|code)|_?status_?code)?{_TO_STATUS}{_HTTP}{_NO_COUNT}",
        "connectors: httpStatus: 503",
    ),
)
#: Spellings of a status in a sentence. Beside words of a tax authority they are codes of its own.
STATUSES_IN_MESSAGES: Final = (
    Spelling(rf"{_STATUS_WORDS}{_HTTP}{_NO_COUNT}", "connectors"),
    Spelling(rf"(?:status_?code)\W{{0,4}}{_HTTP}\b", "connectors: statusCode: 503"),
    Spelling(rf"\A\W*{_HTTP}\W*\Z", "a message that is a status"),
)
#: Spellings of a 500 and of a quota in a sentence: they count where nothing in it blames what was sent.
WEAK_IN_MESSAGES: Final = (
    Spelling(
        r"\binternal server error\b|\berro interno (?:do|no) servidor\b|\berror interno del? servidor\b", "RFC 9110"
    ),
    Spelling(
        r"exceeded (?:your|the) (?:\w+ )?quota\b|quota exceeded for (?:quota )?(?:metric|group)",
        "Amazon SP-API; Google",
    ),
)
#: Spellings of a 500 that is a number, which beside words of a tax authority is a code of its own, too.
WEAK_STATUSES_IN_MESSAGES: Final = (
    Spelling(rf"{_STATUS_WORDS}{_FAILED}{_NO_COUNT}", "connectors"),
    Spelling(rf"(?:http_?status|status_?code|http_?code)\W{{0,4}}{_FAILED}\b", "connectors: httpStatus: 500"),
    Spelling(rf"\A\W*{_FAILED}\W*\Z", "a message that is a status"),
)

_NAMES = """
    status statuscode httpstatus httpstatuscode httpcode http responsestatus responsecode responsestatuscode
    httpresponsecode statushttp
"""
#: Names of a status in the evidence, without case and signs: http_code, statusCode, `HTTP Status`.
STATUS_NAMES = frozenset(_NAMES.split())
#: Members of the evidence in which a status may be.
_AROUND: Final = frozenset(
    {
        "response",
        "error",
        "errors",
        "fault",
        "meta",
        "result",
        "http",
        "httpresponse",
        "res",
        "body",
        "data",
        "detail",
        "details",
    }
)
#: Names that a tax authority has for a number of its own, too.
_AMBIGUOUS: Final = frozenset({"code", "status"})

_WORD: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[.:/]")
_SEVERAL_STOPS: Final = re.compile(r"[.:/]+")


_STEMS: Final = """
    408 425 429 50 52 53 59 limit rate throttl slow quota quer second exceed many muitas demasiadas busy call frequency
    unavailable overload indispon disponib sobrecarg gateway server timed deadline out tempo tiempo econn eai_ hang
    reset refused aborted closed curl upstream threshold interno chamadas requisi solicit peticiones llamadas
    paralisado taxa
    频 忙 限流 超 リクエスト タイムアウト
"""
#: Parts of words of which every spelling in a sentence has one: most sentences have none, and are not searched.
_HINTS: Final = tuple(_STEMS.split())

_CODE, _PART, _WHOLE = map(any_of, (IN_CODES, ALONE_IN_PART, ALONE))
_STATUS_CODE, _STATUS_WHOLE = map(any_of, (STATUSES_IN_CODES, STATUSES_ALONE))
_WEAK_CODE, _WEAK_PART, _WEAK_WHOLE = map(any_of, (WEAK_IN_CODES, WEAK_IN_PART, WEAK_ALONE))
_MESSAGE, _STATUS_MESSAGE = map(any_of, (IN_MESSAGES, STATUSES_IN_MESSAGES))
_WEAK_MESSAGE, _WEAK_STATUS_MESSAGE = map(any_of, (WEAK_IN_MESSAGES, WEAK_STATUSES_IN_MESSAGES))
_STATUS_LINE = re.compile(r"\s*(?:HTTP/\d(?:\.\d)?\s+)?(\d{3})\b")


class Said(NamedTuple):
    """One error of an answer."""

    code: str | None
    message: str | None
    category: str | None = None


def is_busy(errors: Sequence[Said], message: str | None, response: Any) -> bool:
    """Return True when a failed answer says that the marketplace had no time, by its errors, its own message and its
    evidence.
    """
    return is_busy_by(errors, message, status_of(response))


def is_busy_by(errors: Sequence[Said], message: str | None, status: int | None) -> bool:
    """Return True when a failed answer says that the marketplace had no time. `status` is that of its evidence.

    That is what the status says, a 500 only where no error blames what was sent; or every one of the errors, by code or
    message: beside an error about what was sent, something was tried. `message` is the result's own, for an answer
    whose errors have none.
    A status that blames the request makes sentences count for nothing; codes still do.
    """
    told = [each._replace(message=each.message or message) for each in errors] or [Said(None, message)]
    if of_status(status).error is ErrorClass.BUSY and (status != _FAILED or not any(map(_is_permanent, told))):
        return True
    to_blame = status is not None and 400 <= status < 500 and status != 403
    return all(
        is_busy_code(each.code, each.message) or (not to_blame and is_busy_message(each.message)) for each in told
    )


def _is_permanent(said: Said) -> bool:
    """Return True for an error that blames what was sent, by its code, its category or its sentence."""
    if is_busy_code(said.code, said.message):
        return False
    category = CATEGORIES.get(name_of(said.category))
    return (
        is_permanent_code(said.code)
        or (category is not None and category.error is ErrorClass.PERMANENT)
        or (is_permanent_message(said.message) and not is_busy_message(said.message))
    )


def name_of(category: str | None) -> str:
    """Return a category as the table of categories has it."""
    return (category or "").strip().lower().replace("-", "_").replace(" ", "_")


def is_busy_code(code: str | None, message: str | None = None) -> bool:
    """Return True for an error code that means it, in any vendor's spelling.

    `message`, which is the error's own, makes a number a code of a tax authority, and a 500 or a quota one that stays.
    """
    if not code:
        return False
    says = _said_by(code)
    if says.busy:
        return True
    if says.status and not is_fiscal(message):
        return True
    return says.weak and not is_permanent_message(message)


class _CodeSays(NamedTuple):
    """Meaning of a code by itself."""

    busy: bool
    status: bool  # by a number, which is no tax authority's
    weak: bool  # unless its message blames what was sent


@remembered
def _said_by(code: str | None) -> _CodeSays:
    words = " ".join("." if _SEVERAL_STOPS.fullmatch(each) else each.lower() for each in _WORD.findall(code or ""))
    return _CodeSays(
        busy=_says(words, _CODE, _PART, _WHOLE),
        status=_says(words, _STATUS_CODE, None, _STATUS_WHOLE) and not is_fiscal(code),
        weak=_says(words, _WEAK_CODE, _WEAK_PART, _WEAK_WHOLE),
    )


def _says(words: str, anywhere: re.Pattern[str], in_part: re.Pattern[str] | None, alone: re.Pattern[str]) -> bool:
    """Return True when the words of a code have the first, or nothing but the second in a part, or but the third."""
    if anywhere.search(words):
        return True
    parts = [part.split() for part in words.split(" . ")] if words else []
    if _says_only(alone, [word for part in parts for word in part]):
        return True
    elsewhere = {word for part in parts for word in part} & _OF_SOMETHING_ELSE
    return in_part is not None and not elsewhere and any(_says_only(in_part, part) for part in parts)


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
    if not any(each in beginning for each in _HINTS):
        return False
    are_statuses = not is_fiscal(text)
    if _MESSAGE.search(beginning) or (are_statuses and _STATUS_MESSAGE.search(beginning)):
        return True
    weak = _WEAK_MESSAGE.search(beginning) or (are_statuses and _WEAK_STATUS_MESSAGE.search(beginning))
    return bool(weak) and not is_permanent_message(text)


def status_of(response: Any) -> int | None:
    """Return the HTTP status in the evidence, if it has one: a member by any of its names, the first line of a text,
    or all of it.

    Of several the outermost counts, and of a list the first.
    """
    if isinstance(response, str):
        return _of_text(response)
    if isinstance(response, int | float):
        return _error_status(response)
    level = _objects(response)
    for _ in range(MAX_LEVELS):
        for each in level:
            for name, value in each.items():
                found = _status(_plain(name), value)
                if found is not None and not (_plain(name) in _AMBIGUOUS and _is_of_tax(each)):
                    return found
        level = [
            inner
            for each in level
            for name, value in each.items()
            if _plain(name) in _AROUND
            for inner in _objects(value)
        ]
    return None


def _objects(value: Any) -> list[Mapping[str, Any]]:
    """Return the object that `value` is, or that is its first one."""
    return [each for each in (value[:1] if isinstance(value, list) else [value]) if isinstance(each, Mapping)]


def _is_of_tax(said: Mapping[str, Any]) -> bool:
    """Return True for an object with a word of a tax authority, whose numbers are its own."""
    return any(is_fiscal(name) or (isinstance(value, str) and is_fiscal(value)) for name, value in said.items())


def _of_text(text: str) -> int | None:
    if text.lstrip()[:1] in ("{", "[") and len(text) <= MAX_CHARACTERS:
        try:
            return status_of(json.loads(text))
        except (ValueError, RecursionError):  # of a text nobody has measured how deep it is
            return None
    if line := re.match(r"\s*HTTP/\d(?:\.\d)?\s+(\d{3})\b", text):
        return int(line[1])
    title = re.search(rf"<(?:title|h1)[^>]*>\s*({_FAILED}|{_HTTP})\b", text[:MAX_CHARACTERS], re.IGNORECASE)
    return int(title[1]) if title else _error_status(text)


def _error_status(value: Any) -> int | None:
    """Return the status of evidence that is a number and nothing else."""
    status = _number(value)
    return status if status is not None and 400 <= status < 600 else None


def _status(name: str, value: Any) -> int | None:
    if name in STATUS_NAMES:
        if isinstance(value, Mapping):
            value = value.get("code", value.get("value"))
        line = _STATUS_LINE.match(value) if isinstance(value, str) else None
        number = int(line[1]) if line else _number(value)
        return number if number is not None and 100 <= number < 600 else None
    number = _number(value) if name == "code" else None
    return number if number in _BARE else None


def _number(value: Any) -> int | None:
    """Return the number of three digits that `value` is, or writes; `503.0` is one, too."""
    if isinstance(value, str):
        # No more digits are read: Python refuses those of some thousands.
        return int(digits[1]) if (digits := re.fullmatch(r"\s*(\d{3})(?:\.0)?\s*", value)) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 100 <= value < 1000 and value == int(value) else None


@remembered  # evidence has the same names, again and again
def _plain(name: str | None) -> str:
    return "".join(each for each in (name or "").lower() if each.isalnum())
