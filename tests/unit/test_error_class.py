"""Classes of failures: what goes away by itself, what needs somebody, and what nobody knows."""

import re
from typing import Any, NamedTuple

import hypothesis
import pytest
from hypothesis import assume, given, strategies

from schemas import classification as classes
from schemas import permanent
from schemas.busy import IN_CODES
from schemas.classification import class_of_texts, error_class
from schemas.error_class import ErrorClass
from schemas.error_meaning import is_of_the_server
from schemas.fault_class import FaultClass
from schemas.playbook.classification import class_of
from tests.unit.test_busy import BUSY_CODES, BUSY_MESSAGES, OTHER_CODES, OTHER_MESSAGES


class Told(NamedTuple):
    """An error as a result lists it."""

    code: str | None = None
    message: str | None = None
    severity: str | None = None
    category: str | None = None


def of(*errors: Told, message: str | None = None, response: Any = None) -> ErrorClass:
    return error_class(errors, message, response)


@pytest.mark.parametrize("code", BUSY_CODES)
def test_every_code_of_the_busy_table_is_busy(code: str) -> None:
    assert of(Told(code)) is ErrorClass.BUSY


@pytest.mark.parametrize("text", BUSY_MESSAGES)
def test_every_sentence_of_the_busy_table_is_busy(text: str) -> None:
    assert of(message=text) is of(Told(None, text)) is ErrorClass.BUSY


@pytest.mark.parametrize("code", [each for each in OTHER_CODES if each])
def test_a_code_that_only_sounds_busy_is_not_retried_as_such(code: str) -> None:
    assert of(Told(code)) in {ErrorClass.PERMANENT, ErrorClass.UNKNOWN}


@pytest.mark.parametrize("text", [each for each in OTHER_MESSAGES if each])
def test_a_sentence_that_only_sounds_busy_says_nothing(text: str) -> None:
    assert of(message=text) is (ErrorClass.PERMANENT if permanent.is_full(text) else ErrorClass.UNKNOWN)


@pytest.mark.parametrize(
    "told",
    [
        Told("QuotaExceeded", "You have reached the listing limit of your account"),
        Told(None, "You exceeded your listing quota; upgrade your plan"),
        Told("E1", "Você atingiu o limite de anúncios da sua conta", category="limit"),
    ],
)
def test_an_account_that_is_full_stays_so(told: Told) -> None:
    assert of(told) is of(told, response={"status": 500}) is ErrorClass.PERMANENT


def test_a_500_makes_nothing_busy_that_is_permanent() -> None:
    assert of(Told("INVALID_PRICE"), response={"status": 500}) is ErrorClass.PERMANENT
    assert of(Told("90220", "'brand' is required"), response={"status": 500}) is ErrorClass.UNKNOWN
    assert of(Told("E1", "it failed"), response={"status": 500}) is ErrorClass.BUSY
    assert of(Told("INVALID_PRICE"), response={"status": 503}) is ErrorClass.BUSY


@pytest.mark.parametrize(
    "code",
    [
        "ENOTFOUND",
        "ENETUNREACH",
        "EPIPE",
        "UND_ERR_SOCKET",
        "ERR_NAME_NOT_RESOLVED",
        "socket.gaierror",
        "java.net.UnknownHostException",
        "javax.net.ssl.SSLHandshakeException",
        "curl 35",
        "dns.lookup_failed",
        "name_resolution_error",
        "network_error",
        "NetworkError",
        "ProxyError",
        "40001",
        "deadlock_detected",
    ],
)
def test_a_code_of_the_transport(code: str) -> None:
    assert of(Told(code)) is ErrorClass.TRANSPORT
    assert class_of(code=code) is FaultClass.TRANSIENT, "the playbook says another"


@pytest.mark.parametrize(
    "text",
    [
        "getaddrinfo ENOTFOUND api.example",
        "Could not resolve host: api.example",
        "[Errno -3] Temporary failure in name resolution",
        "No route to host",
        "SSL handshake failed",
        "unexpected EOF",
        "The server closed the connection unexpectedly",
        "ERROR: deadlock detected",
        "Falha de conexão com o marketplace",
        "Error de red",
    ],
)
def test_a_sentence_of_the_transport(text: str) -> None:
    assert of(message=text) is ErrorClass.TRANSPORT
    assert class_of(message=text) is FaultClass.TRANSIENT, "the playbook says another"


@pytest.mark.parametrize(
    "code",
    [
        "price.below_minimum",
        "item.attributes.missing_required",
        "INVALID_SKU",
        "sku_not_found",
        "DuplicateListing",
        "http.404",
        "HTTP_422",
        "400",
        "invalid_grant",
        "title_too_long",
        "AccessDenied",
    ],
)
def test_a_code_that_blames_what_was_sent_is_permanent(code: str) -> None:
    assert of(Told(code)) is ErrorClass.PERMANENT


@pytest.mark.parametrize("status", range(400, 600))
def test_a_status_of_the_evidence_says_more_than_words(status: int) -> None:
    silent = {403, 409, 423, 424, *(each for each in range(500, 600) if not is_of_the_server(each))}
    found = of(Told("E1", "no words for it"), response={"status": status})
    if status in silent:
        assert found is ErrorClass.UNKNOWN
    elif status in {408, 425, 429} or (status >= 500 and status not in {501, 505, 506, 510, 511}):
        assert found is ErrorClass.BUSY
    else:
        assert found is ErrorClass.PERMANENT
        assert of(Told(None, "connection lost"), response={"status": status}) is ErrorClass.PERMANENT


BUSY, TRANSPORT, PERMANENT, UNKNOWN = Told("HTTP_503"), Told("ENOTFOUND"), Told("INVALID_SKU"), Told("E1")


@pytest.mark.parametrize(
    ("errors", "found"),
    [
        ((BUSY, TRANSPORT), ErrorClass.TRANSPORT),
        ((BUSY, UNKNOWN), ErrorClass.UNKNOWN),
        ((BUSY, PERMANENT), ErrorClass.PERMANENT),
        ((UNKNOWN, PERMANENT), ErrorClass.PERMANENT),
        ((BUSY, PERMANENT._replace(severity="warning")), ErrorClass.BUSY),
        ((), ErrorClass.UNKNOWN),
    ],
)
def test_a_result_is_what_its_gravest_errors_are_together(errors: tuple[Told, ...], found: ErrorClass) -> None:
    assert of(*errors) is of(*reversed(errors)) is found


def test_every_spelling_has_a_source() -> None:
    ours = [
        *classes.TRANSPORT_CODES,
        *classes.TRANSPORT_MESSAGES,
        *permanent.PERMANENT_CODES,
        *permanent.PERMANENT_MESSAGES,
        *permanent.FULL_MESSAGES,
        permanent.FISCAL,
    ]
    assert all(each.source and each.pattern for each in ours)
    assert not {each.pattern for each in ours} & {each.pattern for each in IN_CODES}


HUGE = "9" * 5000


@pytest.mark.parametrize(
    ("errors", "response", "expected"),
    [
        (f'[{{"code": "http.429", "seen": {HUGE}}}]', None, ErrorClass.BUSY),
        (f'[{{"code": "E-77", "seen": -{HUGE}.5e400}}]', None, ErrorClass.UNKNOWN),
        (None, f'{{"status": 503, "seen": {HUGE}}}', ErrorClass.BUSY),
        (None, f'{{"status": {HUGE}}}', ErrorClass.UNKNOWN),
        (None, f'{{"code": "{HUGE}"}}', ErrorClass.UNKNOWN),
        (None, '{"code": "503"}', ErrorClass.BUSY),
        ('[{"code": "http.429"', None, ErrorClass.UNKNOWN),
        ('[{"code": "http.429", "seen": NaN}]', None, ErrorClass.UNKNOWN),
        ('[{"code": "http.429"}]', "{", ErrorClass.UNKNOWN),
        ("[" * 100_000, None, ErrorClass.UNKNOWN),
        ('{"code": "http.429"}', None, ErrorClass.UNKNOWN),
        ('["http.429", {"code": 429}]', None, ErrorClass.UNKNOWN),
        (None, None, ErrorClass.UNKNOWN),
    ],
    ids=range(13),
)
def test_any_stored_text_has_a_class(errors: str | None, response: str | None, expected: ErrorClass) -> None:
    assert class_of_texts(errors, None, response) is expected


@pytest.mark.parametrize("spelling", [each.pattern for each in classes.TRANSPORT_MESSAGES])
@given(data=strategies.data())
@hypothesis.settings(max_examples=30)
def test_a_sentence_of_the_transport_is_found_by_a_part_of_a_word(spelling: str, data: strategies.DataObject) -> None:
    """Sentences without any are not searched: a spelling that has none would be missed."""
    text = data.draw(strategies.from_regex(spelling, fullmatch=True))
    assume(re.search(spelling, text.lower()))
    assert classes.is_transport_message(text)
