"""Faults of orders. They come from the store, which refuses them, so they are the same on every marketplace."""

from typing import Any

from connectors.simulator.answers import html, text
from connectors.simulator.marketplace import Fault, Problem, one


def _refusal(fault: Fault, number: int, key: str) -> dict[str, Any]:
    listed = [{"code": each.code, "text": each.text(number, key), "status": each.severity} for each in fault.problems]
    return {"marketplaceOrderId": key, "orderId": None, "messages": listed}


ORDERS = (
    one(
        "same",
        "O SKU {n} do pedido {key} está inativo ou fora da política comercial do marketplace",
        "ORD027",
        category="MAPPING",
        field="items.id",
        answer=_refusal,
    ),
    Fault(
        problems=(
            Problem(
                code="FMT010",
                message="A entrega escolhida no pedido {key} não está mais disponível para o CEP",
                field="shippingData.logisticsInfo.selectedSla",
            ),
            Problem(
                code="withoutStock",
                message="Nenhum vendedor tem estoque do item {n}",
                category="STOCK",
                field="items.quantity",
            ),
        ),
        cure="same",
        answer=_refusal,
    ),
    one("same", "O total do pedido {key} no marketplace difere de R$ {n},90, que a loja calculou", answer=text),
    one(
        "same",
        "El documento del comprador del pedido {key} no es válido",
        field="clientProfileData.document",
        answer=text,
    ),
    one("fixed", "The marketplace answered 502 while order {key} was read", "502", http=502, answer=html),
)


def order(key: str, number: int) -> dict[str, Any]:
    """Make the order as the store takes it."""
    return {
        "marketplaceOrderId": key,
        "items": [{"id": str(number), "quantity": 1 + number % 3, "price": number * 100 + 90}],
        "shippingData": {"logisticsInfo": [{"itemIndex": 0, "selectedSla": "Normal", "price": 1290}]},
    }
