"""Codes, sentences and evidence that say that the marketplace had no time, and those that only sound like it."""

import json
from typing import Any

import pytest

from schemas.busy import (
    ALONE,
    ALONE_IN_PART,
    IN_CODES,
    IN_MESSAGES,
    STATUS_NAMES,
    Said,
    is_busy,
    is_busy_code,
    is_busy_message,
    status_of,
)

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
    "501",
    "505",
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


@pytest.mark.parametrize(
    "name", ["status", "statusCode", "status_code", "http_code", "httpStatus", "HTTP Status", "http"]
)
@pytest.mark.parametrize("value", [503, "503", "503 Service Unavailable", "HTTP/1.1 503"])
def test_a_status_of_the_evidence_by_any_of_its_names(name: str, value: Any) -> None:
    assert status_of({name: value}) == 503
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
    assert all(each.source and each.pattern for each in (*IN_CODES, *ALONE_IN_PART, *ALONE, *IN_MESSAGES))
    assert all(name == name.lower() and name.isalnum() for name in STATUS_NAMES)
