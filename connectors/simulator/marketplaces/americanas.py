"""Americanas: XML, texts of its servers, and a few codes of its hub."""

from typing import Any
from xml.sax.saxutils import escape, quoteattr

from connectors.simulator.answers import html, text
from connectors.simulator.marketplace import Fault, Marketplace, Problem, one
from connectors.simulator.orders import ORDERS, order


def _request(integration_type: str, key: str, number: int) -> Any:
    sku = quoteattr(key)
    match integration_type:
        case "orders":
            return order(key, number)
        case "products":
            ean = f"789{number:010}"
            return f'<?xml version="1.0"?><product sku={sku}><name>Toalha {number}</name><ean>{ean}</ean></product>'
        case "price":
            promotional = f"<promotional_price>{number}.00</promotional_price>"
            return f"<product sku={sku}><price>{number}.90</price>{promotional}</product>"
        case "inventory":
            return f"<product sku={sku}><qty>{number % 500}</qty></product>"
        case "tracking":
            return f"<shipment order={sku}><track code='BR{number:09}SP' carrier='Correios'/></shipment>"
        case _:
            return {"sku": key, "number": number}


def _refusal(fault: Fault, number: int, key: str) -> str:
    errors = "".join(
        f"<error code={quoteattr(each.code or '')}>{escape(each.text(number, key))}</error>" for each in fault.problems
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><response status="{fault.http}">{errors}</response>'


AMERICANAS = Marketplace(
    affiliate="B2W",
    name="Americanas",
    way="vtex",
    request=_request,
    refusal=_refusal,
    acceptance=lambda key, _number: (
        f'<?xml version="1.0" encoding="UTF-8"?><response status="204" sku={quoteattr(key)}/>'
    ),
    faults={
        "orders": ORDERS,
        "products": (
            Fault(
                problems=(
                    Problem(code="invalid_ean", message="EAN 789{n} inválido para o produto {key}", field="ean"),
                    Problem(code="empty_name", message="O nome do produto está vazio", field="name"),
                ),
                cure="different",
            ),
            one("same", "Falha na conexão do produto {key} com a Americanas", "link_b2w_products"),
        ),
        "tracking": (
            one("same", "Pedido {key}: a chave da nota não tem 44 dígitos", field="invoice.key", answer=text),
            one("fixed", "HttpServerErrorException: 502 Bad Gateway", "502", http=502, answer=html),
        ),
        "price": (
            one(
                "same",
                "O preço promocional de {key} não pode ser maior que R$ {n},90",
                field="promotional_price",
                answer=text,
            ),
            one("busy", "O servidor não pôde atender agora; tente em {n} s", "503", http=503, answer=html),
        ),
        "inventory": (
            one("fixed", "Estoque inexistente para o depósito {n}", field="qty", answer=text),
            one("silent", "O lote {n} nunca foi confirmado", "inventory.no_answer"),
        ),
    },
)
