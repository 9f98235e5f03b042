"""Magalu: sentences in Portuguese without a code, and the HTTP status."""

from typing import Any

from connectors.simulator.marketplace import Fault, Marketplace, one
from connectors.simulator.orders import ORDERS, order


def _request(integration_type: str, key: str, number: int) -> Any:
    match integration_type:
        case "orders":
            return order(key, number)
        case "products":
            return {"sku": key, "title": f"Garrafa térmica {number}", "dimensions": {"height": 0.3, "weight": 0.45}}
        case "price":
            return {"sku": key, "list_price": number + 20, "price": number + 0.9, "currency": "BRL"}
        case "inventory":
            return {"sku": key, "type": "AVAILABLE", "quantity": number % 500}
        case "tracking":
            return {"delivery": key, "carrier": {"name": "Rápido Sul"}, "tracking": f"BR{number:09}SP"}
        case _:
            return {"sku": key, "number": number}


def _refusal(fault: Fault, number: int, key: str) -> dict[str, Any]:
    details = [{"description": each.text(number, key), "location": each.field} for each in fault.problems]
    return {"status": fault.http, "message": "Requisição inválida", "details": details}


MAGALU = Marketplace(
    affiliate="MGL",
    name="Magalu",
    request=_request,
    refusal=_refusal,
    acceptance=lambda key, number: {"status": 202, "sku": key, "trace": f"{number:016x}"},
    faults={
        "orders": ORDERS,
        "products": (
            one("same", "O produto pai de {key} ainda não foi integrado", http=422, field="parent"),
            one(
                "fixed",
                "A imagem https://img.example/{n}.jpg do SKU {key} não pôde ser baixada",
                http=422,
                field="images",
            ),
        ),
        "tracking": (
            one(
                "same",
                'Transportadora "Rápido Sul {n}" desconhecida; o rastreio foi enviado como texto',
                "tracking.carrier_unknown",
                status="warning",
                http=200,
                field="carrier.name",
            ),
            one("fixed", "A entrega {key} ainda não tem nota fiscal", http=400, field="invoice"),
        ),
        "price": (
            one("same", "O preço de {key} é maior que o preço de lista, R$ {n},00", http=422, field="price"),
            one("busy", "Limite de chamadas por minuto excedido; tente em {n} segundos", "429", http=429),
        ),
        "inventory": (
            one("same", "Não existe SKU {key} no catálogo do marketplace", http=404, field="sku"),
            one("different", "Estoque do SKU {key} bloqueado até a revisão {n}", http=423),
        ),
    },
)
