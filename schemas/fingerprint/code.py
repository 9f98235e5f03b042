"""A number, or a word with digits, that is a code: what tells two faults apart rather than two entities."""

import re
from http import HTTPStatus
from typing import Final

from schemas.fingerprint.field import ENTITIES

#: Letters of ids: none of scripts without spaces, where a number stands within a sentence.
LETTERS: Final = "A-Za-z_\u00c0-\u024f\u0370-\u03ff\u0400-\u052f\u1e00-\u1eff"
#: A number, an id, a code: anything with a digit. A date, a time, an amount or an address is one.
TOKEN: Final = re.compile(rf"(?<![{LETTERS}\d-])[{LETTERS}+-]*+\d[{LETTERS}\d-]*+(?:[.,:/]\d[{LETTERS}\d-]*+)*+")

#: HTTP statuses of errors, those of Cloudflare, nginx and IIS too.
_STATUSES: Final = frozenset(
    {str(status.value) for status in HTTPStatus if status >= 400}
    | {str(status) for status in (419, 420, 430, 440, 444, 449, 450, 460, 463, 494, 495, 496, 497, 498, 499, 509, 598, 599)}
    | {str(status) for status in range(520, 531)}
)
#: What follows a status: its reason phrase.
_PHRASES: Final = (
    *(status.phrase.lower() for status in HTTPStatus if status >= 400),
    "client error", "server error", "gateway time-out", "gateway timeout", "service temporarily", "authorization required",
    "payload too", "request entity", "request-uri", "uri too", "unprocessable", "error", "não autorizado",
    "não encontrado", "proibido", "requisição inválida", "erro interno", "serviço indisponível", "muitas requisições",
    "no autorizado", "no encontrado", "prohibido", "solicitud incorrecta", "error interno", "servicio no disponible",
    "demasiadas solicitudes",
)  # fmt: skip
#: After these any code is one, in whatever a name ends with them: `httpStatus`, `ApiError`, `returnCode`, `错误码`.
_CODE_WORDS: Final = (
    "error", "erro", "err", "errno", "http", "http/1.0", "http/1.1", "http/2", "status", "code", "codigo", "código", "cod", "cód", "cod.", "cód.",
    "retorno", "rejeição", "rejeicao", "rejection", "rechazo", "cstat", "sqlstate", "sqlcode", "hresult", "fault",
    "falha", "falla", "exception", "motivo", "reason", "causeid", "cause id", "errorid", "error id", "curl", "signal",
    "rejected", "type", "tipo", "ret", "msg", "errorno", "errornumber", "error number", "error no", "error no.", "erro nº",
    "erro n.º", "错误码", "状态码", "返回码", "响应码", "错误代码", "错误编号", "错误号", "异常码", "错误", "エラーコード",
    "エラー番号", "エラー", "ステータスコード", "ステータス", "오류 코드", "에러 코드", "상태 코드", "오류", "ошибка", "статус",
    "ошибки", "код",
)  # fmt: skip
#: After these only an HTTP status is a code.
_ANSWER_WORDS: Final = (
    "response", "resposta", "respuesta", "returned", "retornou", "failed", "falhou", "falló", "devolveu", "devolvió", "respondeu", "respondió",
    "responded", "answered", "got", "received", "recebido", "recebeu", "recibido", "with", "com", "con", "返回", "响应",
)  # fmt: skip
#: Words that say that a number before them is a count.
_COUNTED: Final = re.compile(
    r"\s*(?:items?|itens|produtos?|products?|productos?|results?|resultados?|rows?|records?|registros?|linhas?|lines?"
    r"|units?|unidades?|pedidos?|orders?|skus?|errors?|erros|errores|ms|segundos?|seconds?|bytes|vezes|veces|times"
    r"|anúncios?|ofertas?|offers?|[%个件次])(?![^\W_])",
    re.IGNORECASE,
)
_GENERAL: Final = ("error", "erro", "falha", "falla", "fault")
_OF_ENTITY: Final = ("code", "codigo", "código", "cod", "cód", "type", "tipo", "status")
#: How these words end: what is looked at first.
_TAILS: Final = frozenset(word[-3:] for word in _CODE_WORDS)
_SEPARATORS: Final = " \t:=(#[]\"'->|\n"
_NUMBER: Final = re.compile(r"-?\d{1,9}")
#: The same for a number that follows `código`, which is an entity's more often than an error's.
_SHORT: Final = re.compile(r"-?\d{1,5}")
_WORD: Final = re.compile(
    r"0[xX][0-9a-fA-F]{4,8}|[A-Za-z]{1,15}(?:[-_][A-Za-z]{1,15}){0,5}[-_]?\d{1,7}[A-Za-z]?(?:[-_][A-Za-z\d]{1,12}){0,3}"
    r"|\d{1,3}[A-Z]\d{1,2}"
)
#: Codes that say by themselves that they are some: of Oracle, SQL servers, MongoDB, Azure and curl, and any `ERR_…`.
_FAMILY: Final = re.compile(
    r"(?:ORA|PLS|TNS|SP2|SQL|AADSTS|CURLE|E)-?\d{3,6}[A-Z]?"
    r"|[A-Z]{0,10}_?ERR(?:ORS?|O)?(?:[_-][A-Z]{1,15}){0,6}[_-]?\d{1,8}"
)
_FAMILIES: Final = frozenset({"ORA", "PLS", "TNS", "SP2", "SQL", "AAD", "CUR", *(f"E{n}" for n in range(10, 100))})
#: A code in front, before a colon or a dash: `CHK002: …`, `[AUTH-001] …`, `90220: …`.
_FRONT: Final = re.compile(r"\d{3,5}|(?!SKU|PED|ML[A-Z])[A-Z]{2,8}(?:[-_]0\d{1,5}|\d{3})")
_AFTER_FRONT: Final = re.compile(r"\]|\)?(?::(?!\d)|\s[-–—|]\s)")
_THEN_MESSAGE: Final = re.compile(r",\s+[^\s\d]")
_CONTINUES: Final = re.compile(r"[@\w]|\s?%")
_MOST_SEPARATORS: Final = 6
_NEAR: Final = 10
_BEFORE: Final = 40  # characters that are looked at on either side


def is_status(text: str) -> bool:
    """Return True for an HTTP status of an error, alone."""
    return text in _STATUSES


def is_told_as_code(text: str, start: int, end: int) -> bool:
    """Return True when `text` writes what it has between `start` and `end` as a code is written.

    That is: after a word such as `status`, `Erro` or `错误码`; as a status with its phrase or in brackets; in front of
    the text; as one that is a code wherever it stands, such as `ORA-01403`; or as all of the text.
    """
    token = text[start:end]
    named = text[start - _NEAR if start > _NEAR else 0 : start].rstrip(_SEPARATORS)
    may_be_named = named[-3:].lower() in _TAILS
    is_front = not start or text[start - 1] in "\n([#"
    is_family = token[:3] in _FAMILIES or "ERR" in token
    if not (may_be_named or is_front or is_family or token in _STATUSES):
        return False  # most numbers, quickly
    after = text[end : end + _BEFORE]
    if _CONTINUES.match(after):
        return False
    if is_family and _FAMILY.fullmatch(token):
        return True
    before = text[max(start - _BEFORE, 0) : start]
    named = before.rstrip(_SEPARATORS)
    if is_front and _is_in_front(token, before.rpartition("\n")[2], after):
        return True
    if len(before) - len(named) > _MOST_SEPARATORS:
        return False
    if token in _STATUSES:
        if _is_status_written(before, after):
            return True
        if named.lower().endswith(_ANSWER_WORDS) and before[-1:] in " :(" and not _COUNTED.match(after):
            return True
    return may_be_named and _is_named(token, named, before, after)


def _is_in_front(token: str, front: str, after: str) -> bool:
    """Return True for a code at the beginning of a line, in brackets with a sign, or alone."""
    if front.endswith("(#") or (front == "(" and _THEN_MESSAGE.match(after)):
        return _NUMBER.fullmatch(token) is not None
    if front.strip(" ([#"):
        return False
    if not after.strip(" .\n)]"):
        return _NUMBER.fullmatch(token) is not None
    return _FRONT.fullmatch(token) is not None and _AFTER_FRONT.match(after) is not None


def _is_status_written(before: str, after: str) -> bool:
    if before[-1:] in ("(", "[") and after[:1] in (")", "]"):
        return True
    return after[:1] in " :-)" and after.lstrip(" :-)–").lower().startswith(_PHRASES)


def _is_named(token: str, named: str, before: str, after: str) -> bool:
    """Return True when the words before a token name it as a code."""
    lowered = named.lower()
    if not lowered.endswith(_CODE_WORDS):
        return False
    words = lowered.replace("_", " ").split()
    last = words[-1].lstrip("(['\",.")
    of_code = False
    for word in _OF_ENTITY:
        if last.endswith(word):
            of = last.removesuffix(word) or (words[-2].strip("(['\",.:") if len(words) > 1 else "")
            if of in ENTITIES:
                return False
            of_code = word not in ("code", "status")
            break
    if last.endswith(_GENERAL) and len(token) < 3 and ":" in before[len(named) :] and _COUNTED.match(after):
        return False
    if token[0].isdigit() or token[0] == "-":
        number = _SHORT if of_code else _NUMBER
        return number.fullmatch(token) is not None or (_WORD.fullmatch(token) is not None)
    return _WORD.fullmatch(token) is not None
