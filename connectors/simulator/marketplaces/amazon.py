"""Amazon: a list of issues with numbers as codes; errors of the transport in a list of their own."""

from typing import Any

from connectors.simulator.answers import report, trace
from connectors.simulator.marketplace import Fault, Marketplace, Problem, one
from connectors.simulator.orders import ORDERS, order


def _request(integration_type: str, key: str, number: int) -> Any:
    match integration_type:
        case "orders":
            return order(key, number)
        case "tracking":
            return {
                "packageDetail": {
                    "packageReferenceId": str(number),
                    "carrierCode": "Other",
                    "trackingNumber": f"BR{number:09}SP",
                    "orderItems": [{"orderItemId": f"{number:014}", "quantity": 1}],
                }
            }
        case "products" | "price" | "inventory":
            path = {"products": "item_name", "price": "purchasable_offer", "inventory": "fulfillment_availability"}
            values = {
                "products": [{"value": f"Luminária de mesa {number}", "language_tag": "pt_BR"}],
                "price": [{"currency": "BRL", "our_price": [{"schedule": [{"value_with_tax": number + 0.9}]}]}],
                "inventory": [{"fulfillment_channel_code": "DEFAULT", "quantity": number % 500}],
            }
            patch = {
                "op": "replace",
                "path": f"/attributes/{path[integration_type]}",
                "value": values[integration_type],
            }
            return {"sku": key, "productType": "LAMP", "patches": [patch]}
        case _:
            return {"sku": key, "number": number}


def _refusal(fault: Fault, number: int, key: str) -> dict[str, Any]:
    issues = [
        {
            "code": each.code,
            "message": each.text(number, key),
            "severity": each.severity.upper(),
            "attributeNames": [each.field] if each.field else [],
            "categories": [each.category] if each.category else [],
        }
        for each in fault.problems
    ]
    return {"sku": key, "status": "INVALID", "submissionId": f"{number:032x}", "issues": issues}


def _errors(fault: Fault, number: int, key: str) -> dict[str, Any]:
    listed = [{"code": each.code, "message": each.text(number, key), "details": ""} for each in fault.problems]
    return {"status": fault.http, "errors": listed}


AMAZON = Marketplace(
    affiliate="AMZ",
    name="Amazon",
    request=_request,
    refusal=_refusal,
    acceptance=lambda key, number: {"sku": key, "status": "ACCEPTED", "submissionId": f"{number:032x}", "issues": []},
    faults={
        "orders": ORDERS,
        "products": (
            Fault(
                problems=(
                    Problem(
                        code="90220",
                        message="'item_type_keyword' is required but was not supplied.",
                        category="MISSING_ATTRIBUTE",
                        field="item_type_keyword",
                    ),
                    Problem(
                        code="90220",
                        message="'brand' is required but was not supplied.",
                        category="MISSING_ATTRIBUTE",
                        field="brand",
                    ),
                    Problem(
                        code="20000",
                        message="Image https://img.example/{n}.jpg of {key} could not be reached.",
                        severity="warning",
                        field="main_product_image_locator",
                    ),
                ),
                cure="same",
            ),
            one(
                "different",
                "The product id 789{n} of {key} matches a product whose brand is another one.",
                "8541",
                category="INVALID_ATTRIBUTE",
                field="externally_assigned_product_identifier",
            ),
            one("same", "Unexpected error while the offer of {key} was built", "connector.exception", answer=trace),
        ),
        "tracking": (
            one(
                "same",
                "No package of {key} is waiting for a tracking number",
                "PackageToUpdateNotFound",
                answer=_errors,
            ),
            one(
                "silent",
                "No answer within {n} ms",
                "InternalFailure",
                category="COMMUNICATION",
                http=500,
                answer=_errors,
            ),
        ),
        "price": (
            one(
                "busy",
                "You exceeded your quota for the requested resource: {n} requests.",
                "QuotaExceeded",
                http=429,
                answer=_errors,
            ),
            one(
                "same",
                "O preço de {key} está acima do máximo de R$ {n},00 informado na oferta.",
                "99022",
                field="purchasable_offer",
                category="INVALID_PRICE",
            ),
        ),
        "inventory": (
            one(
                "same",
                "The SKU {key} has no listing: {n} units were not stored.",
                "13013",
                field="fulfillment_availability",
            ),
            one("fixed", "Part {n} of the report of {key} was not processed.", "SC_00001", answer=report),
        ),
    },
)
