"""Shopee: HTTP 200 also when it failed; the error is a name, and parts that failed are listed one by one."""

from typing import Any

from connectors.simulator.marketplace import Fault, Marketplace, Problem, one
from connectors.simulator.orders import ORDERS, order


def _request(integration_type: str, key: str, number: int) -> Any:
    match integration_type:
        case "orders":
            return order(key, number)
        case "products":
            return {"item_sku": key, "item_name": f"Camiseta {number}", "category_id": 100_000 + number % 900}
        case "price":
            return {"item_id": number, "price_list": [{"model_id": 0, "original_price": number + 0.9}]}
        case "inventory":
            return {"item_id": number, "stock_list": [{"model_id": 0, "seller_stock": [{"stock": number % 500}]}]}
        case "tracking":
            return {"order_sn": key, "dropoff": {"tracking_no": f"BR{number:09}SP"}}
        case _:
            return {"sku": key, "number": number}


def _refusal(fault: Fault, number: int, key: str) -> dict[str, Any]:
    failed = [
        {"model_id": number + part, "failed_reason": each.text(number, key)} for part, each in enumerate(fault.problems)
    ]
    return {
        "error": fault.problems[0].code,
        "message": fault.text(number, key),
        "request_id": f"{number:032x}",
        "response": {"failure_list": failed, "success_list": []},
    }


SHOPEE = Marketplace(
    affiliate="SHP",
    name="Shopee",
    way="http",
    request=_request,
    refusal=_refusal,
    acceptance=lambda key, number: {
        "error": "",
        "message": "",
        "request_id": f"{number:032x}",
        "response": {"sku": key},
    },
    faults={
        "orders": ORDERS,
        "products": (
            Fault(
                problems=(
                    Problem(
                        code="error_less_required_attribute",
                        message="Attribute 'Marca' of category {n} is missing",
                        field="attribute_list",
                    ),
                    Problem(code="error_image_unavailable", message="Image {n} of {key} can't be read", field="image"),
                ),
                cure="same",
                http=200,
            ),
            one("same", "商品 {key} 的类目 {n} 未映射", "error_invalid_category", http=200, field="category_id"),
        ),
        "tracking": (
            one(
                "fixed",
                "Falta la factura del pedido {key}",
                "logistics.lack_of_invoice_data",
                http=200,
                field="invoice",
            ),
            one("silent", "A partner did not answer within {n} ms", "logistics.error_timeout", http=200),
        ),
        "price": (
            one(
                "fixed",
                "{key} está em promoção; o preço não muda até o fim dela",
                "error_cannt_edit_price_in_promotion",
                status="warning",
                http=200,
            ),
            one(
                "same",
                "O preço R$ {n},00 é menor que o mínimo",
                "error_price_exceed_min_limitt",
                http=200,
                field="original_price",
            ),
        ),
        "inventory": (
            one(
                "fixed",
                "La tienda está de vacaciones: el stock de {key} no cambia",
                "error_holiday_mode_change_stock",
                http=200,
            ),
            one(
                "same",
                "Model {n} of {key} is reserved for a promotion",
                "error_busi_update_stock_failed",
                http=200,
                field="stock_list",
            ),
        ),
    },
)
