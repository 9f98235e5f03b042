"""Mercado Livre: one message, and a list of causes in which warnings and errors are mixed."""

from typing import Any

from connectors.simulator.answers import html
from connectors.simulator.marketplace import Fault, Marketplace, Problem, one
from connectors.simulator.orders import ORDERS, order


def _request(integration_type: str, key: str, number: int) -> Any:
    match integration_type:
        case "orders":
            return order(key, number)
        case "products":
            return {
                "title": f"Caneca de cerâmica {number} ml",
                "category_id": f"MLB{number % 9000}",
                "seller_custom_field": key,
                "attributes": [{"id": "BRAND", "value_name": "Casa Clara"}, {"id": "COLOR", "value_name": "Azul"}],
            }
        case "price":
            return {"price": number + 0.9, "currency_id": "BRL"}
        case "inventory":
            return {"available_quantity": number % 500}
        case "tracking":
            return f'<nfeProc versao="4.00"><NFe><infNFe Id="NFe{number:044}"/></NFe></nfeProc>'
        case _:
            return {"id": key, "number": number}


def _refusal(fault: Fault, number: int, key: str) -> dict[str, Any]:
    causes = [
        {
            "type": each.severity,
            "code": each.code,
            "message": each.text(number, key),
            "references": [each.field or "item"],
        }
        for each in fault.problems
    ]
    return {"message": "Validation error", "error": "validation_error", "status": fault.http, "cause": causes}


MERCADO_LIVRE = Marketplace(
    affiliate="MLB",
    name="Mercado Livre",
    request=_request,
    refusal=_refusal,
    acceptance=lambda key, number: {"id": f"MLB{number + 10**9}", "status": "active", "seller_custom_field": key},
    faults={
        "orders": ORDERS,
        "products": (
            Fault(
                problems=(
                    Problem(
                        code="create.item.attribute.business_conditional",
                        message="Foi acrescentado o valor do atributo EMPTY_GTIN_REASON",
                        severity="warning",
                        field="item.attributes",
                    ),
                    Problem(
                        code="item.attributes.missing_required",
                        message="The attributes [BRAND, MODEL] are required for category MLB{n}",
                        category="MISSING_ATTRIBUTE",
                        field="item.attributes",
                    ),
                    Problem(
                        code="item.pictures.invalid_size",
                        message="A foto {n} tem menos de 500 pixels em todos os lados",
                        field="item.pictures",
                    ),
                ),
                cure="same",
            ),
            one(
                "different",
                "El código de barras 789{n} de {key} pertenece a un producto de otra categoría",
                "item.attribute.gtin_invalid_domain",
                category="INVALID_ATTRIBUTE",
                field="item.attributes.GTIN",
            ),
        ),
        "tracking": (
            Fault(
                problems=(
                    Problem(
                        code="wrong_receiver_zipcode",
                        message="O CEP do destinatário na nota não é o do envio {n}",
                        field="dest.enderDest.CEP",
                    ),
                    Problem(
                        code="nfe_order_value_divergence",
                        message="O total da nota difere do total dos itens do pedido {key}",
                        field="total.ICMSTot.vNF",
                    ),
                ),
                cure="fixed",
            ),
            one(
                "same",
                "O envio {n} já tem uma nota fiscal; a de {key} não foi lida",
                "shipment_invoice_already_saved",
                status="warning",
            ),
        ),
        "price": (
            one(
                "fixed",
                "O preço R$ {n},00 é menor que o mínimo da categoria",
                "item.price.below_minimum",
                weight=6,
                category="INVALID_PRICE",
                field="price",
            ),
            one(
                "same",
                "{key} tiene precios automáticos activos; el precio no se puede cambiar",
                "item.price.not_modifiable",
                status="warning",
            ),
            one(
                "busy",
                "Too many requests: try again in {n} s",
                "local_rate_limited",
                category="COMMUNICATION",
                http=429,
                answer=html,
            ),
        ),
        "inventory": (
            one(
                "different",
                "Cannot update item MLB{n} [status:under_review]: available_quantity is not modifiable",
                "item.available_quantity.invalid",
                field="available_quantity",
            ),
            one("fixed", "The stock of {key} was changed meanwhile: version {n} is not the last one", "409", http=409),
        ),
    },
)
