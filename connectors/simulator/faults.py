"""Faults of the simulated marketplaces, in words that real ones would use."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

#: Outcome of a retry of an entity with this fault; `busy`: the marketplace has no time once more, then it is fixed.
Cure = Literal["fixed", "same", "different", "silent", "busy"]
#: Format of the marketplace's answer.
Shape = Literal["json", "xml", "html", "trace", "json_in_string", "large"]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way to fail. `{n}` in the message is a number, `{key}` the entity's key, of the result at hand."""

    code: str
    message: str
    cure: Cure
    status: Literal["warning", "error"] = "error"
    shape: Shape = "json"
    category: str | None = None
    field: str | None = None

    def error(self, number: int, key: str) -> dict[str, Any]:
        """Make the entry in a result's `errors`."""
        entry: dict[str, Any] = {"code": self.code, "message": self.text(number, key), "severity": self.status}
        entry |= {"category": self.category} if self.category else {}
        return entry | ({"field": self.field} if self.field else {})

    def text(self, number: int, key: str) -> str:
        """The message."""
        return self.message.format(n=number, key=key)


#: Faults by type. `faults_of` has some for every other type too.
FAULTS: Mapping[str, tuple[Fault, ...]] = MappingProxyType(
    {
        "orders": (
            Fault(
                code="order.sku_unmapped",
                message="O SKU {n} do pedido {key} não está mapeado para nenhum produto da loja",
                cure="same",
                category="MAPPING",
                field="items.sku",
                shape="xml",
            ),
            Fault(
                code="order.no_stock",
                message="Pedido {key}: estoque insuficiente, faltam {n} unidades",
                cure="same",
                category="STOCK",
            ),
            Fault(
                code="order.freight_mismatch",
                message="Order {key}: the freight of R$ {n},90 differs from the one that was quoted",
                cure="same",
                field="shipping.total",
            ),
            Fault(
                code="http.502",
                message="The marketplace answered 502 while order {key} was read",
                cure="fixed",
                shape="html",
                category="COMMUNICATION",
            ),
        ),
        "products": (
            Fault(
                code="product.attribute_missing",
                message='El atributo "Marca" es obligatorio en la categoría {n}',
                cure="same",
                category="MISSING_ATTRIBUTE",
                field="brand",
            ),
            Fault(
                code="product.gtin_invalid",
                message="GTIN 789{n} of {key} has a wrong check digit",
                cure="different",
                category="INVALID_ATTRIBUTE",
                field="ean",
                shape="json_in_string",
            ),
            Fault(
                code="product.image_unreachable",
                message="Imagem https://img.example/{n}.jpg do SKU {key} não pôde ser baixada",
                cure="fixed",
                field="images",
            ),
            Fault(
                code="connector.exception",
                message="Unexpected error while building the offer of {key}",
                cure="same",
                shape="trace",
            ),
            Fault(code="category.unmapped", message="商品 {key} 的类目 {n} 未映射", cure="same", field="category"),
        ),
        "tracking": (
            Fault(
                code="tracking.carrier_unknown",
                message='Transportadora "Rápido Sul {n}" desconhecida; o rastreio foi enviado como texto',
                cure="same",
                status="warning",
                field="carrier",
            ),
            Fault(
                code="tracking.order_closed",
                message="Order {key} was delivered already; tracking {n} was ignored",
                cure="same",
                status="warning",
            ),
            Fault(
                code="tracking.invoice_missing",
                message="Falta la factura del pedido {key}",
                cure="fixed",
                field="invoice",
                shape="xml",
            ),
            Fault(
                code="tracking.timeout",
                message="No answer within {n} ms",
                cure="silent",
                category="COMMUNICATION",
            ),
        ),
        "price": (
            Fault(
                code="price.below_minimum",
                message="O preço R$ {n},00 é menor que o mínimo da categoria",
                cure="fixed",
                category="INVALID_PRICE",
                field="price",
            ),
            Fault(
                code="price.list_below_sale",
                message="List price {n}.00 of {key} is below its sale price",
                cure="same",
                category="INVALID_PRICE",
                field="list_price",
            ),
            Fault(
                code="price.promotion_active",
                message="{key} tiene una promoción activa; el precio cambiará al terminar",
                cure="fixed",
                status="warning",
            ),
            Fault(
                code="http.429",
                message="Too many requests: try again in {n} s",
                cure="busy",
                category="COMMUNICATION",
                shape="html",
            ),
        ),
        "inventory": (
            Fault(
                code="inventory.warehouse_unknown",
                message="Warehouse {n} is not linked to this seller",
                cure="same",
                field="warehouse",
            ),
            Fault(
                code="inventory.locked",
                message="Estoque do SKU {key} bloqueado pelo marketplace até a revisão {n}",
                cure="different",
            ),
            Fault(
                code="inventory.listing_paused",
                message="La publicación {n} de {key} está pausada",
                cure="fixed",
                shape="large",
            ),
            Fault(code="inventory.no_answer", message="The feed {n} was never confirmed", cure="silent"),
        ),
    }
)

#: Faults of a type that has none of its own above: one for each cure.
_ANY_TYPE = (
    Fault(code="data.missing", message="Field {n} of {key} is missing", cure="fixed", field="data"),
    Fault(code="data.refused", message="{key} was refused by rule {n}", cure="same", category="VALIDATION"),
    Fault(code="data.outdated", message="{key} was changed elsewhere, in version {n}", cure="different"),
    Fault(code="connector.timeout", message="No answer within {n} ms", cure="silent", category="COMMUNICATION"),
)

#: The fault after a retry whose outcome is another error.
ANOTHER = Fault(code="listing.under_review", message="The listing of {key} is under review ({n})", cure="same")


def faults_of(integration_type: str) -> tuple[Fault, ...]:
    """Return the faults of a type, whatever type it is."""
    return FAULTS.get(integration_type, _ANY_TYPE)
