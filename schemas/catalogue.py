"""The catalogue: everything that differs between integration types, one entry each.

Agents, API, pages, exports and documents are loops over `CATALOGUE`; a sixth type is one more entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Status = Literal["success", "warning", "error"]
Language = Literal["pt", "en", "es"]

DEFAULT_DEADLINE_SECONDS = 15 * 60  # design section 4: after this a retry without an answer is `silent`

#: How bad a status is. An answer that is less bad than what was reprocessed has fixed it.
SEVERITY: Mapping[Status, int] = MappingProxyType({"success": 0, "warning": 1, "error": 2})


def _labels(pt: str, en: str, es: str) -> Mapping[Language, str]:
    return MappingProxyType({"pt": pt, "en": en, "es": es})


@dataclass(frozen=True, kw_only=True)
class IntegrationType:
    """One kind of work that connectors do, and what is particular to it."""

    name: str  # in topics, columns, URLs and event types
    labels: Mapping[Language, str]  # name of its page
    key_labels: Mapping[Language, str]  # heading of the key column
    statuses: tuple[Status, ...]  # what a result of this type may say
    reprocess_labels: Mapping[Language, str]  # text of the action
    reprocessable: bool = True  # the default policy; settings may differ per affiliate
    not_reprocessable_reason: str | None = None  # shown instead of the action
    refresh_only: bool = False  # where state moves, what was sent once must never be sent again as it was
    deadline_seconds: int = DEFAULT_DEADLINE_SECONDS
    troubleshooting: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # affiliate → guide

    @property
    def result_event_type(self) -> str:
        """CloudEvents `type` of a result."""
        return f"conexoes.{self.name}.result.v1"

    @property
    def retry_event_type(self) -> str:
        """CloudEvents `type` of a retry."""
        return f"conexoes.{self.name}.retry.v1"

    def troubleshooting_link(self, affiliate: str) -> str:
        """The guide for errors of this type on that marketplace, or the general one."""
        return self.troubleshooting.get(affiliate, TROUBLESHOOTING_GUIDE)


#: VTEX's own guides, by topic; the general page lists them all.
TROUBLESHOOTING_GUIDE = "https://help.vtex.com/en/troubleshooting"
_ORDER_GUIDES = MappingProxyType(
    {
        "MLB": f"{TROUBLESHOOTING_GUIDE}/mercado-livre-order-integration-errors",
        "AMZ": f"{TROUBLESHOOTING_GUIDE}/amazon-order-integration-errors",
        "MGL": f"{TROUBLESHOOTING_GUIDE}/magazine-luiza-order-integration-errors",
    }
)
_SKU = _labels("Código do SKU", "SKU code", "Código del SKU")
_REPROCESS = _labels("Reprocessar", "Reprocess", "Reprocesar")

ORDERS = IntegrationType(
    name="orders",
    labels=_labels("Pedidos", "Orders", "Pedidos"),
    key_labels=_labels("ID", "ID", "ID"),
    statuses=("success", "error"),
    reprocess_labels=_REPROCESS,
    reprocessable=False,
    not_reprocessable_reason="Orders are not reprocessed: follow the troubleshooting guide of the marketplace.",
    refresh_only=True,
    troubleshooting=_ORDER_GUIDES,
)
PRODUCTS = IntegrationType(
    name="products",
    labels=_labels("Produtos", "Products", "Productos"),
    key_labels=_SKU,
    statuses=("success", "error"),
    reprocess_labels=_labels("Reprocessar SKU", "Reprocess SKU", "Reprocesar SKU"),
)
TRACKING = IntegrationType(
    name="tracking",
    labels=_labels("Rastreamento", "Tracking", "Rastreo"),
    key_labels=_labels("Código do pedido", "Order code", "Código del pedido"),
    statuses=("success", "warning", "error"),
    reprocess_labels=_REPROCESS,
)
PRICE = IntegrationType(
    name="price",
    labels=_labels("Preço", "Price", "Precio"),
    key_labels=_SKU,
    statuses=("success", "warning", "error"),
    reprocess_labels=_REPROCESS,
)
INVENTORY = IntegrationType(
    name="inventory",
    labels=_labels("Inventário", "Inventory", "Inventario"),
    key_labels=_SKU,
    statuses=("success", "error"),
    reprocess_labels=_REPROCESS,
)

CATALOGUE: tuple[IntegrationType, ...] = (ORDERS, PRODUCTS, TRACKING, PRICE, INVENTORY)
BY_NAME: Mapping[str, IntegrationType] = MappingProxyType({each.name: each for each in CATALOGUE})
