"""Codes, sentences and evidence that say that the marketplace had no time, and those that only sound like it."""

import json
from typing import Any

import pytest

from schemas import busy as tables
from schemas.busy import STATUS_NAMES, Said, is_busy, is_busy_code, is_busy_message, status_of
from schemas.spelling import Spelling

BUSY_CODES = [
    "QuotaExceeded",  # Amazon SP-API
    "quotaExceeded",  # YouTube
    "dailyQuotaExceeded",
    "InternalFailure",
    "ServiceUnavailable",
    "RequestThrottled",
    "Throttling",
    "ThrottlingException",
    "EC2ThrottledException",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "BandwidthLimitExceeded",
    "RequestLimitExceeded",
    "PriorRequestNotComplete",
    "RequestTimeout",
    "RequestTimeoutException",
    "SlowDown",
    "slow_down",
    "TooManyRequestsException",
    "TooManyRequests",
    "TOO_MANY_REQUESTS",
    "too_many_requests",
    "local_rate_limited",
    "REQUEST_THRESHOLD_VIOLATED.GMP_GATEWAY_API",  # Walmart
    "SYSTEM_ERROR.GMP_GATEWAY_API",
    "THROTTLED",  # Shopify
    "INTERNAL_SERVER_ERROR",
    "RESOURCE_EXHAUSTED",
    "RESOURCE_TEMPORARILY_EXHAUSTED",
    "UNAVAILABLE",
    "DEADLINE_EXCEEDED",
    "rateLimitExceeded",
    "userRateLimitExceeded",
    "RateLimitExceeded",
    "backendError",
    "ApiCallLimit",  # Lazada
    "isp.remote-service-timeout",
    "isp.http-connection-timeout",
    "isp.top-remote-service-unavailable",
    "accesscontrol.limited-by-api-access-count",
    "traffic_limit",
    "quota_limit",
    "ServerBusy",  # Azure
    "OperationTimedOut",
    "temporarily_unavailable",
    "service.unavailable",
    "SERVICE_UNAVAILABLE",
    "http.429",
    "http.502",
    "HTTP_503",
    "HTTP 504 Gateway Timeout",
    "http_status_500",
    "status:429",
    "error-503",
    "503",
    "429",
    "408",
    "tracking.timeout",
    "connector.timeout",
    "READ_TIMEOUT",
    "java.net.SocketTimeoutException",
    "ETIMEDOUT",
    "ECONNRESET",
    "EAI_AGAIN",
    "cURL error 28",
    "CONNECTION_REFUSED",
    "ConnectionError",
    "BAD_GATEWAY",
    "ApiAccessFrequencyExceeded",
    "NoHealthyUpstream",
    "http.530",
    "HTTP_529",
]
OTHER_CODES = [
    "sku.unavailable",
    "product_unavailable",
    "seller_unavailable",
    "item.temporarily_unavailable",
    "unavailableItemFulfillment",  # VTEX
    "delivery_timeout_invalid",
    "session.timeout",
    "payment_timeout",
    "shipping_deadline_exceeded",
    "ERR_500_CHARS",
    "item.attr-502.invalid",
    "sku.5031",
    "MLB429001",
    "price.500",
    "500",  # of Lazada: whatever failed
    "501",
    "505",
    "http.573",
    "status:539",
    *(str(status) for status in (509, 520, 528, 539, 562, 573, 590)),  # rejections of invoices
    "http.501",
    "http.400",
    "http.404",
    "title_length_limit_exceeded",
    "listing.quota_exceeded",
    "photo_limit",
    "LimitExceededException",  # of AWS: of a number of things, not of time
    "MAX_COST_EXCEEDED",  # of Shopify: the query itself is too large
    "shipping_rate_limit",
    "tax_rate_limit_invalid",
    "price.below_minimum",
    "isv.item-not-exist",
    "90220",
    "business_conditional",
    "busy_category_name",
    "401",
    "invalid_grant",
    "connector.exception",
    "ORA-00001",
    "",
    None,
]
BUSY_MESSAGES = [
    "You exceeded your quota for the requested resource.",
    "<html><h1>503 Service Unavailable</h1></html>",
    "<h1>502 Bad Gateway</h1><hr>nginx/1.24.0",
    "<html><head><title>504 Gateway Time-out</title></head></html>",
    "Too many requests: try again in 7 s",
    "The maximum number of queries per user has been exceeded. Try again in a few moments.",
    "Request rate limit exceeded",
    "Rate exceeded",
    "Throttled",
    "Retorno: 503",
    "Falha ao enviar pedido. Retorno: 429",
    "Erro 503 ao consultar pedido",
    "httpStatus: 503",
    "status code 502",
    "HTTP/1.1 503",
    "Request failed with status code 429",
    "The remote server returned an error: (503)",
    "The marketplace answered 502 while order 12 was read",
    "error code: 520",
    "429",
    "(503)",
    "cURL error 28: Operation timed out after 30001 milliseconds",
    "java.net.SocketTimeoutException: Read timed out",
    "timeout of 30000ms exceeded",
    "connect ETIMEDOUT 10.0.0.1:443",
    "socket hang up",
    "Connection reset by peer",
    "Muitas requisições, tente novamente",
    "Demasiadas peticiones",
    "Limite de requisições atingido",
    "Tempo limite da requisição excedido",
    "Se ha superado el tiempo de espera: tiempo de espera agotado",
    "Serviço temporariamente indisponível",
    "El servicio no disponible",
    "系统繁忙，请稍后再试",
    "请求过于频繁",
    "Internal Server Error",
    "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service.",  # Shopify
    "App Call Limited",
    "Api access frequency exceeds the limit. this ban will last 1 more seconds",
    "Request threshold violated",
    "Call usage limit has been reached.",
    "Server too busy",
    "The server is too busy",
    "O serviço está indisponível no momento",
    "The service is unavailable at this time",
    "El servicio no disponible en este momento",
    "Erro interno do servidor",
    "Error interno del servidor",
    "Erro 500 ao consultar pedido",
    "Limite de taxa excedido",
    "Límite de solicitudes alcanzado",
    "no healthy upstream",
    "timeout",
    "Timeout.",
    "Error: timeout",
    "接口调用频率超限",
    "Rejeição 108: Serviço Paralisado Momentaneamente (curto prazo)",
    "SEFAZ: HTTP 503",
    "Timeout of 30000ms exceeded while SEFAZ was asked",
    "API call limit of your plan reached: 40 requests per minute",
    "You exceeded your quota of requests; upgrade your plan",
]
OTHER_MESSAGES = [
    "Not sold in this channel",
    "Discontinued",
    "Serviço indisponível para o trecho informado",  # of Correios: no such shipment
    "Service unavailable in this region",
    "Servicio no disponible para este código postal",
    "Product temporarily unavailable",
    "Produto indisponível",
    "The title must have at most 500 characters",
    "Error: 500 characters at most",
    "Erro 500 caracteres no máximo",
    "Retorno: 401",
    "Erro 400: EAN inválido",
    "error code: 1020",
    "<h1>404 Not Found</h1><hr>nginx/1.24.0",
    "The price 503.00 is below the minimum",
    "code 50312 is unknown",
    "HTTP/1.1 501",
    "Your session timed out",
    "O preço R$ 429,00 é menor que o mínimo da categoria",
    "delivery timeout must be positive",
    "Missing required attribute",
    "Erro 573 - Rejeição: Duplicidade de Evento",
    "Retorno: 539 - Rejeição: Duplicidade de NF-e",
    "code: 539 Duplicidade de NF-e com diferença na Chave de Acesso",
    "Erro 562",
    "Erro 528: Valor do ICMS difere",
    "HTTP 573",
    "Erro 502 - Rejeição: Erro na Chave de Acesso",
    "Rejeição 503: Série utilizada fora da faixa permitida",
    "A SEFAZ retornou 504",
    "cStat: 598",
    "NF-e: Retorno: 408",
    "Erro 500: o campo marca é obrigatório",
    "Internal Server Error: 'brand' is required",
    "You have reached the listing limit of your account",
    "You exceeded your listing quota; upgrade your plan",
    "Você atingiu o limite de anúncios da sua conta",
    "Delivery frequency exceeds the limit",
    "Stock threshold violated",
    "The usage limit of the coupon has been reached",
    "Limite de taxa de comissão excedido",
    "A loja está indisponível no momento",
    "Serviço de entrega indisponível no momento",
    "O serviço está indisponível no momento para este CEP",
    "timeout must be a whole number",
    "The store is too busy for more orders",
    "Erro interno: tamanho inválido",
    "No healthy product",
    "",
    None,
]


@pytest.mark.parametrize("code", BUSY_CODES)
def test_a_code_that_says_it(code: str) -> None:
    assert is_busy_code(code)


@pytest.mark.parametrize("code", OTHER_CODES)
def test_a_code_that_only_sounds_like_it(code: str | None) -> None:
    assert not is_busy_code(code)


@pytest.mark.parametrize("text", BUSY_MESSAGES)
def test_a_sentence_that_says_it(text: str) -> None:
    assert is_busy_message(text)


@pytest.mark.parametrize("text", OTHER_MESSAGES)
def test_a_sentence_that_only_sounds_like_it(text: str | None) -> None:
    assert not is_busy_message(text)
    assert not is_busy([Said("E1", text)], None, None)


@pytest.mark.parametrize("status", range(500, 600))
def test_a_5xx_that_http_has_not_is_no_status(status: int) -> None:
    """Holds in a code, in a sentence and in the evidence alike."""
    is_one = status in {500, 502, 503, 504, 507, 508, 509, *range(520, 528), 529, 530, 598, 599}
    assert is_busy_code(f"http.{status}") is is_one
    assert is_busy_message(f"Retorno: {status}") is is_one
    assert is_busy([Said("E1", None)], None, {"status": status}) is is_one
    assert not is_busy([Said(f"{status}", "Rejeição: Duplicidade de Evento")], None, None)
    assert not is_busy([Said(None, f"Erro {status} - Rejeição: Duplicidade de NF-e")], None, None)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("QuotaExceeded", "You have reached the listing limit of your account"),
        ("quota_exceeded", "You exceeded your listing quota; upgrade your plan"),
        ("INTERNAL_SERVER_ERROR", "'brand' is required but not supplied"),
        ("http.500", "O campo marca é obrigatório"),
        ("503", "Rejeição: Série utilizada fora da faixa"),
        ("status:502", "Erro na Chave de Acesso da NF-e"),
    ],
)
def test_a_sentence_says_that_a_code_stays(code: str, message: str) -> None:
    assert is_busy_code(code) or is_busy_code(code, "try again")
    assert not is_busy_code(code, message)
    assert not is_busy([Said(code, message)], None, None)


@pytest.mark.parametrize(
    "name", ["status", "statusCode", "status_code", "http_code", "httpStatus", "HTTP Status", "http"]
)
@pytest.mark.parametrize("value", [503, 503.0, "503", "503.0", "503 Service Unavailable", "HTTP/1.1 503"])
def test_a_status_of_the_evidence_by_any_of_its_names(name: str, value: Any) -> None:
    assert status_of({name: value}) == status_of([{name: value}]) == status_of({name: {"code": 503}}) == 503
    assert status_of({"error": {"response": {name: value}}}) == 503
    assert status_of(json.dumps({name: value})) == 503


@pytest.mark.parametrize(
    ("response", "status"),
    [
        (None, None),
        ([], None),
        ({}, None),
        ({"status": "active"}, None),
        ({"status": True}, None),
        ({"status": 42}, None),
        ({"code": "500"}, None),  # of Lazada: whatever failed
        ({"code": 429}, 429),
        ({"errors": [{"status": 429}]}, 429),
        ([{"status": 429}], 429),
        ('[{"status": 429}]', 429),
        ({"httpResponse": {"statusCode": 429}}, 429),
        ({"data": {"status": 503}}, 503),
        ({"status": {"code": 503}}, 503),
        ({"status": {"code": {"code": 503}}}, None),
        ({"http": {"status": 503}}, 503),
        (503, 503),
        (503.0, 503),
        ("503.0", 503),
        (503.5, None),
        (True, None),
        (200, None),
        (1e300, None),
        ("503 units", None),
        ({"code": "503", "message": "Rejeição: Série utilizada fora da faixa"}, None),
        ({"status": "502", "motivo": "Rejeição: Erro na Chave de Acesso"}, None),
        ({"status": 503, "cStat": "573"}, None),
        ({"httpStatus": 502, "motivo": "SEFAZ"}, 502),
        ({"status": 502, "body": {"motivo": "SEFAZ"}}, 502),
        ({"item": {"status": 503}}, None),
        ({"status": 400, "error": {"status": 503}}, 400),
        ("HTTP/1.1 429 Too Many Requests\r\n\r\n", 429),
        ("<html><title>503 Service Temporarily Unavailable</title>", 503),
        ("{", None),
        ("a text of 503 words", None),
    ],
)
def test_where_a_status_of_the_evidence_is(response: Any, status: int | None) -> None:
    assert status_of(response) == status


BUSINESS, THROTTLED = Said("sku.invalid", "No such SKU"), Said("QuotaExceeded", None)


@pytest.mark.parametrize(
    ("errors", "message", "response", "busy"),
    [
        ([], None, None, False),
        ([], None, {"status": 503}, True),
        ([], "Retorno: 503", None, True),
        ([BUSINESS], None, {"status_code": 429}, True),
        ([THROTTLED], "No such SKU", None, True),
        ([THROTTLED, BUSINESS], None, None, False),  # something was tried
        ([THROTTLED, THROTTLED], None, None, True),
        ([Said("E1", None)], "HTTP 503", None, True),  # the result's message is that of an error without one
        ([Said("E1", "No such SKU")], "HTTP 503", None, False),
        ([Said(None, "image: Read timed out")], None, {"status": 422}, False),  # the status blames the request
        # A 500 says less than an error that blames what was sent; that a server had no time says more.
        ([Said("90220", "'brand' is required")], None, {"status": 500}, False),
        ([Said("INVALID_PRICE", None)], None, {"status": 500}, False),
        ([Said("E1", None, "validation")], None, {"status": 500}, False),
        ([Said("E1", "it failed"), Said("INVALID_PRICE", None)], None, {"status": 500}, False),
        ([], "O campo marca é obrigatório", {"status": 500}, False),
        ([Said("E1", "it failed")], None, {"status": 500}, True),
        ([Said("QuotaExceeded", None)], None, {"status": 500}, True),
        ([Said("E1", "Internal Server Error")], None, {"status": 500}, True),
        *(([Said("INVALID_PRICE", None)], None, {"status": status}, True) for status in (429, 502, 503, 504, 520)),
        ([Said("573", "Rejeição: Duplicidade de Evento")], None, {"status": 539}, False),
        ([THROTTLED], None, {"status": 400}, True),  # AWS throttles with 400
        ([Said(None, "Rate exceeded")], None, {"status": 403}, True),  # and Google with 403
    ],
)
def test_an_answer_is_busy_by_all_that_it_says(
    errors: list[Said], message: str | None, response: Any, busy: object
) -> None:
    assert is_busy(errors, message, response) is busy


@pytest.mark.parametrize("name", ["code", "status"])
@pytest.mark.parametrize("value", ["9" * 5000, 10**4400, -(10**4400)], ids=["text", "number", "below zero"])
def test_a_number_of_thousands_of_digits_is_no_status(name: str, value: Any) -> None:
    """A number that Python neither reads nor writes."""
    assert status_of({name: value}) in {None, 999}


def test_every_spelling_has_a_source() -> None:
    spellings = [each for table in vars(tables).values() if isinstance(table, tuple) for each in table]
    spellings = [each for each in spellings if isinstance(each, Spelling)]
    assert len(spellings) > 50
    assert all(each.source and each.pattern for each in spellings)
    assert all(name == name.lower() and name.isalnum() for name in STATUS_NAMES)


@pytest.mark.parametrize("text", BUSY_MESSAGES)
def test_a_sentence_that_says_it_blames_nothing_that_was_sent(text: str) -> None:
    """Holds so that a 500 beside it counts."""
    assert is_busy([Said("E1", text)], None, {"status": 500})
