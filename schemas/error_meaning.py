"""Meanings of a category and of an HTTP status: for what is tried again by itself, and for what the playbook shows.

Both classify errors: schemas.classification with schemas.busy, and schemas.playbook.classification. Each has words of
codes and sentences of its own: what is tried again for nothing burdens a marketplace, so that whole words count for it;
advice that is not quite right costs little, so that parts of words do for the playbook.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from schemas.error_class import ErrorClass
from schemas.fault_class import FaultClass


class Meaning(NamedTuple):
    """Meaning of one word or number."""

    fault: FaultClass | None  # None: other words of the error say more
    error: ErrorClass  # UNKNOWN: other words of the error say it


_OF_CATEGORIES: Final = (
    (FaultClass.LIMIT, ErrorClass.BUSY, "throttling throttled quota limit rate_limit ratelimit"),
    (FaultClass.LIMIT, ErrorClass.UNKNOWN, "limite rate_limiting too_many_requests"),
    (None, ErrorClass.BUSY, "throttle rate busy 5xx"),
    (FaultClass.TRANSIENT, ErrorClass.BUSY, "timeout time_out unavailable temporary transient"),
    (FaultClass.TRANSIENT, ErrorClass.TRANSPORT, "network connection connectivity"),
    (
        FaultClass.TRANSIENT,
        ErrorClass.UNKNOWN,
        "timed_out communication comunicacao comunicacion conexao conexion rede",
    ),
    (None, ErrorClass.TRANSPORT, "transport dns tls ssl socket proxy"),
    (FaultClass.MARKETPLACE, ErrorClass.BUSY, "server server_error"),
    (FaultClass.MARKETPLACE, ErrorClass.UNKNOWN, "marketplace marketplace_error vendor external remote"),
    (FaultClass.CREDENTIALS, ErrorClass.PERMANENT, "auth authentication credentials unauthorized"),
    (
        FaultClass.CREDENTIALS,
        ErrorClass.UNKNOWN,
        "credential token login unauthenticated autenticacao autenticacion credenciais credenciales",
    ),
    (FaultClass.PERMISSION, ErrorClass.PERMANENT, "authorization permission forbidden"),
    (FaultClass.PERMISSION, ErrorClass.UNKNOWN, "permissions access access_denied autorizacao permissao"),
    (FaultClass.NOT_FOUND, ErrorClass.PERMANENT, "not_found notfound missing"),
    (FaultClass.NOT_FOUND, ErrorClass.UNKNOWN, "nao_encontrado no_encontrado"),
    (FaultClass.CONFLICT, ErrorClass.PERMANENT, "conflict duplicate duplicated"),
    (FaultClass.CONFLICT, ErrorClass.UNKNOWN, "duplicity concurrency duplicidade conflito conflicto"),
    (FaultClass.VALIDATION, ErrorClass.PERMANENT, "validation invalid schema data business business_rule"),
    (FaultClass.VALIDATION, ErrorClass.UNKNOWN, "invalid_data validacao validacion"),
    (FaultClass.CONNECTOR, ErrorClass.PERMANENT, "mapping"),
    (
        FaultClass.CONNECTOR,
        ErrorClass.UNKNOWN,
        "connector conector internal integration parsing serialization configuration bug",
    ),
    (
        None,
        ErrorClass.PERMANENT,
        "required rule format pricing price catalog catalogue attribute attributes image images tax fiscal policy"
        " moderation prohibited",
    ),
)
#: Categories, as connectors and marketplaces write them, in English, Portuguese and Spanish: words in lower case,
#: divided by `_`.
CATEGORIES: Final[Mapping[str, Meaning]] = MappingProxyType(
    {name: Meaning(fault, error) for fault, error, names in _OF_CATEGORIES for name in names.split()}
)

#: Statuses that say by themselves what kind it is. 403 is also said by what throttles, 409 and 423 by what is not ready
#: yet, and 424 of another call, so that they say nothing about a retry. The 5xx are those of RFC 9110 and the registry
#: of IANA, then of Apache (508, 509), Cloudflare (520 to 527, 530), Qualys (529) and proxies (598, 599).
_OF_STATUSES: Final = (
    (FaultClass.TRANSIENT, ErrorClass.BUSY, (408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524, 598, 599)),
    (FaultClass.LIMIT, ErrorClass.BUSY, (429,)),
    (None, ErrorClass.BUSY, (507, 508, 509, 525, 526, 527, 529, 530)),
    (FaultClass.LIMIT, ErrorClass.PERMANENT, (420, 430)),
    (FaultClass.CREDENTIALS, ErrorClass.PERMANENT, (401, 407, 419, 498)),
    (FaultClass.PERMISSION, ErrorClass.PERMANENT, (402, 451)),
    (FaultClass.PERMISSION, ErrorClass.UNKNOWN, (403,)),
    (FaultClass.NOT_FOUND, ErrorClass.PERMANENT, (404, 410)),
    (FaultClass.CONFLICT, ErrorClass.PERMANENT, (412,)),
    (FaultClass.CONFLICT, ErrorClass.UNKNOWN, (409, 423)),
    (FaultClass.CONNECTOR, ErrorClass.PERMANENT, (405, 406, 411, 414, 415, 431)),
    (None, ErrorClass.UNKNOWN, (424,)),
    (None, ErrorClass.PERMANENT, (501, 505, 506, 510, 511)),
)
_STATUSES: Final = {status: Meaning(fault, error) for fault, error, statuses in _OF_STATUSES for status in statuses}
_SAYS_NOTHING: Final = Meaning(None, ErrorClass.UNKNOWN)
_OF_THE_REQUEST: Final = Meaning(None, ErrorClass.PERMANENT)
#: Statuses that say that the marketplace had no time.
BUSY_STATUSES: Final = tuple(
    status for status, meaning in sorted(_STATUSES.items()) if meaning.error is ErrorClass.BUSY
)


def of_status(status: int | None) -> Meaning:
    """Return the meaning of an HTTP status; without one, or with one that is no failure, it says nothing.

    Any 4xx says that the request was wrong. A 5xx that HTTP has not is a code of another kind: Brazilian tax
    authorities reject invoices with 539, 562 and 573.
    """
    if status is None:
        return _SAYS_NOTHING
    return _STATUSES.get(status, _OF_THE_REQUEST if status // 100 == 4 else _SAYS_NOTHING)


def is_of_the_server(status: int) -> bool:
    """Return True for a 5xx that HTTP has."""
    return status >= 500 and status in _STATUSES
