"""The class of an error that nobody has written about: by its category, its code, the HTTP status and its words.

Pure tables, in English, Portuguese and Spanish. What categories and statuses mean is in `schemas.error_meaning`, what
says that the marketplace had no time in `schemas.busy`, what says that it was not reached in `schemas.classification`:
the agents read all three, and nothing of it is said here again.
"""

import re
from typing import Final

from schemas.busy import is_busy_code, is_busy_message
from schemas.classification import is_transport_code, is_transport_message
from schemas.error_meaning import CATEGORIES, is_of_the_server, of_status
from schemas.fault_class import FaultClass
from schemas.playbook.codes import WORD
from schemas.spelling import MAX_CHARACTERS

#: First of these that a code, in words of lower case, has. Before what says only that something is wrong.
_IN_CODES: Final = (
    (
        FaultClass.LIMIT,
        r"too many|rate ?limit|throttl|quota|\blimit (?:reached|exceeded)|\b(?:call|request|upload) limit",
    ),
    (
        FaultClass.CREDENTIALS,
        r"\btoken\b|credential|unauthori[sz]ed|unauthenticated|\bauthenticat|\blogin\b|signature|api key|access key"
        r"|invalid grant|invalid client|\b401\b",
    ),
    (
        FaultClass.PERMISSION,
        r"forbidden|permission|access denied|not allowed|not authori[sz]ed|unable to list|suspended|\b403\b",
    ),
    (
        FaultClass.CONNECTOR,
        r"^connector\b|null ?(?:reference|pointer)|unmarshal|deserializ|parse error|json (?:error|syntax)",
    ),
    (
        FaultClass.CONFLICT,
        r"already|duplicat|conflict|\bexists\b|\blocked\b|version mismatch|in progress|processing|\b409\b",
    ),
    (FaultClass.NOT_FOUND, r"not ?found|does not exist|not exist|no such|unknown (?:item|sku|product|order)|\b404\b"),
    (
        FaultClass.MARKETPLACE,
        r"under review|in review|moderation|no answer|internal ?(?:error|failure|server)|system error",
    ),
    (
        FaultClass.VALIDATION,
        r"invalid|required|missing|mandatory|empty|too (?:long|short|high|low|big|small|large)|below|above|minimum"
        r"|maximum|min\b|max\b|exceed|mismatch|unsupported|malformed|wrong|bad request|validation|must be|out of range"
        r"|not valid|\b4(?:00|22)\b",
    ),
)
_IN_MESSAGES: Final = (
    (
        FaultClass.LIMIT,
        r"too many (?:requests|calls)|rate.?limit|quota|limite de (?:requisi|solicita|chamadas|peticiones|llamadas)"
        r"|upload limit|limit exceeded|excedeu o limite de|límite de (?:solicitudes|llamadas)",
    ),
    (
        FaultClass.CREDENTIALS,
        r"\b(?:access |refresh |auth\w* )?token\b[^.]{0,60}\b(?:expir|invalid|inv[aá]lid|revog|revoked"
        r"|venc|caduc|missing)"
        r"|(?:invalid|expired|inv[aá]lid[oa]|expirado|vencido)[^.]{0,20}\b(?:token|api key|credential|chave|clave)"
        r"|unauthori[sz]ed|não autorizado|no autorizado|credencia(?:is|l)|credenciales|credentials"
        r"|authenticat|autentica"
        r"|senha|contraseña|password|login",
    ),
    (
        FaultClass.PERMISSION,
        r"forbidden|permission|permiss[aã]o|permiso|access denied|acesso negado|acceso denegado|not allowed to"
        r"|not authori[sz]ed|sem autoriza|unable to list|(?:account|seller|conta"
        r"|cuenta)[^.]{0,30}(?:suspen|block|bloque)",
    ),
    (
        FaultClass.CONNECTOR,
        r"nullreference|nullpointer|object reference not set|undefined (?:is not|index|method|variable)"
        r"|cannot read propert|typeerror|keyerror|attributeerror|valueerror|indexerror|stack ?trace|traceback"
        r"|unexpected (?:token|end of (?:json|input|file))|invalid character .{1,20}looking for|is not valid json"
        r"|could not be parsed|cannot be parsed|deserializ|unmarshal|malformed json|content.?type",
    ),
    (
        FaultClass.CONFLICT,
        r"already (?:exist|been|in use|registered|used|saved|shipped|cancel)|duplicat|j[aá] (?:existe"
        r"|foi|cadastrad|est[aá])"
        r"|ya (?:existe|fue|est[aá])|conflict|conflito|conflicto|lock for|unable to acquire lock|em processamento"
        r"|en proceso|being processed|in progress|уже существует|已存在|重复",
    ),
    (
        FaultClass.NOT_FOUND,
        r"not found|n[aã]o (?:foi |foram )?(?:encontrad|localizad)|no (?:se )?(?:encontr|fue encontrad)|does not exist"
        r"|doesn.t exist|n[aã]o existe|no existe|inexistente|no such|не найден|不存在|未找到",
    ),
    (
        FaultClass.MARKETPLACE,
        r"under[_ ]review|in review|em (?:revis[aã]o|an[aá]lise)|en revisi[oó]n|moderation|modera[cç]"
        r"|internal (?:server )?error|erro interno|error interno|something went wrong|an? (?:unexpected|unknown) error"
        r"|unexpected result|内部错误|внутренняя ошибка",
    ),
    (
        FaultClass.VALIDATION,
        r"invalid|inv[aá]lid|is required|are required|required (?:field|attribute|param)|obrigat[oó]ri|obligatori"
        r"|mandatory|missing|falta|ausente|not supplied|not valid|n[aã]o [eé] v[aá]lid|no es v[aá]lid"
        r"|must (?:be|have|not)"
        r"|deve (?:ser|ter|conter)|debe (?:ser|tener|contener)|exceed|excede|exceder|ultrapass"
        r"|too (?:long|short|large|small)"
        r"|muito (?:longo|curto|grande)|demasiado|below|above|minimum|maximum|m[ií]nim|m[aá]xim"
        r"|unsupported|not supported"
        r"|n[aã]o suportad|no soportad|mismatch|divergen|diferente d|incorrect|specified incorrectly|malformed|empty"
        r"|vazi[oa]|vac[ií]o|cannot be|can.t be|can not|cannot|n[aã]o [eé] permitid|no (?:est[aá]"
        r"|es) permitid|not allowed"
        r"|not modifiable|n[aã]o pode|no puede|无效|不能为空|недопустим|некоррект|не может",
    ),
)
#: Categories without signs: connectors divide their words in any way.
_BY_CATEGORY: Final = {name.replace("_", ""): meaning.fault for name, meaning in CATEGORIES.items() if meaning.fault}
_CODES: Final = tuple((kind, re.compile(pattern)) for kind, pattern in _IN_CODES)
_MESSAGES: Final = tuple((kind, re.compile(pattern)) for kind, pattern in _IN_MESSAGES)


def class_of(
    *, code: str | None = None, message: str | None = None, category: str | None = None, status: int | None = None
) -> FaultClass | None:
    """Return the class of an error; None where nothing says one.

    What a connector calls it counts first, then a status that says one by itself, then the words of the code, then
    those of the beginning of the message; last a status that says only that the request, or the server, was wrong.
    """
    by_name = _BY_CATEGORY.get("".join(each for each in (category or "").lower() if each.isalnum()))
    return by_name or of_status(status).fault or _of_code(code) or _of_message(message) or _of_status(status)


def _of_code(code: str | None) -> FaultClass | None:
    if not code:
        return None
    if code.isdecimal() and len(code) == 3:
        return of_status(int(code)).fault or _of_status(int(code))
    words = " ".join(WORD.findall(code)).lower()
    return _first(_CODES, words, transient=is_busy_code(code) or is_transport_code(code))


def _of_message(message: str | None) -> FaultClass | None:
    if not message:
        return None
    transient = is_busy_message(message) or is_transport_message(message)
    return _first(_MESSAGES, message[:MAX_CHARACTERS].lower(), transient=transient)


def _first(
    patterns: tuple[tuple[FaultClass, re.Pattern[str]], ...], text: str, *, transient: bool
) -> FaultClass | None:
    """Return the first class that the text has. `transient`: the marketplace had no time, or was not reached."""
    kinds = (kind for kind, pattern in patterns if pattern.search(text))
    if transient:
        return FaultClass.LIMIT if next(kinds, None) is FaultClass.LIMIT else FaultClass.TRANSIENT
    return next(kinds, None)


def _of_status(status: int | None) -> FaultClass | None:
    if status is None:
        return None
    if 400 <= status < 500:
        return FaultClass.VALIDATION
    return FaultClass.MARKETPLACE if is_of_the_server(status) else None
