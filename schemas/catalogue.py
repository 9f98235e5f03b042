"""The catalogue: everything that differs between integration types, one entry each.

Agents, API, pages, exports, simulator and documents are loops over `CATALOGUE`: another type is one more entry here,
and nothing elsewhere (tests/next/walk_type.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

from schemas.error_class import ErrorClass
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason

Status = Literal["success", "warning", "error"]
Language = Literal["pt", "en", "es"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

DEFAULT_DEADLINE_SECONDS = 15 * 60  # after this a retry without an answer is `silent`

#: Severity of each status. An answer that is less severe than the result that was reprocessed has fixed it.
SEVERITY: Mapping[Status, int] = MappingProxyType({"success": 0, "warning": 1, "error": 2})


def labels(pt: str, en: str, es: str) -> Mapping[Language, str]:
    """Return one text in each language."""
    return MappingProxyType({"pt": pt, "en": en, "es": es})


#: The drawing of a type that has none of its own.
_BOX_WITH_ARROW = '<path d="M2 5.5h12v9H2zM8 11.500V1.500M5 4.500l3-3 3 3"/>'


@dataclass(frozen=True, kw_only=True)
class IntegrationType:
    """One kind of work that connectors do, and what is particular to it."""

    name: str  # in topics, columns, URLs and event types
    labels: Mapping[Language, str]  # name of its page
    key_labels: Mapping[Language, str]  # heading of the key column
    statuses: tuple[Status, ...]  # what a result of this type may say
    reprocess_labels: Mapping[Language, str]  # text of the action
    reprocessable: bool = True  # the default policy; settings may differ per affiliate
    not_reprocessable_reason: Reason | None = None  # shown instead of the action
    refresh_only: bool = False  # the state of an entity moves on, so its old payload must never be sent again
    deadline_seconds: int = DEFAULT_DEADLINE_SECONDS
    automatic: tuple[ErrorClass, ...] = (ErrorClass.BUSY,)  # classes that are tried again by themselves, by default
    troubleshooting: Mapping[str, Mapping[Language, str]] = field(
        default_factory=lambda: MappingProxyType({})
    )  # affiliate → its guide in TROUBLESHOOTING_GUIDE, whose address differs by language
    icon: str = _BOX_WITH_ARROW  # what an SVG of 16 × 16 has inside; drawn as lines, in the colour of the text

    @property
    def result_event_type(self) -> str:
        """CloudEvents `type` of a result."""
        return f"conexoes.{self.name}.result.v1"

    @property
    def retry_event_type(self) -> str:
        """CloudEvents `type` of a retry."""
        return f"conexoes.{self.name}.retry.v1"

    def troubleshooting_link(self, affiliate: str, language: Language = "en") -> str:
        """The guide for errors of this type on that marketplace, or the general one, in the reader's language."""
        guides = TROUBLESHOOTING_GUIDE.format(language=language)
        guide = self.troubleshooting.get(affiliate)
        return guides if guide is None else f"{guides}/{guide[language]}"


#: VTEX's own guides, by topic; the general page lists them all.
TROUBLESHOOTING_GUIDE = "https://help.vtex.com/{language}/troubleshooting"
_ORDER_GUIDES = MappingProxyType(
    {
        "MLB": labels(
            "erros-de-integracao-de-pedidos-do-mercado-livre",
            "order-errors-in-the-mercado-livre-integration",
            "errores-de-integracion-de-pedidos-de-mercado-libre",
        ),
        "AMZ": labels(
            "erros-de-integracao-de-pedidos-da-amazon",
            "order-errors-in-the-amazon-integration",
            "errores-de-integracion-de-pedidos-de-amazon",
        ),
        "MGL": labels(
            "erros-de-integracao-de-pedidos-do-magazine-luiza",
            "order-errors-in-the-magazine-luiza-integration",
            "errores-de-integracion-de-pedidos-de-magazine-luiza",
        ),
    }
)
_SKU = labels("Código do SKU", "SKU code", "Código del SKU")
_REPROCESS = labels("Reprocessar", "Reprocess", "Reprocesar")

ORDERS = IntegrationType(
    name="orders",
    labels=labels("Pedidos", "Orders", "Pedidos"),
    key_labels=labels("ID", "ID", "ID"),
    statuses=("success", "error"),
    reprocess_labels=_REPROCESS,
    reprocessable=False,
    not_reprocessable_reason=Reason(ReasonCode.ORDERS_NOT_REPROCESSED),
    refresh_only=True,
    automatic=(),
    troubleshooting=_ORDER_GUIDES,
    icon='<path d="M3 1.5h10v13l-2.5-1.6L8 14.5l-2.5-1.6L3 14.5zM6 5.5h4M6 8.5h4"/>',
)
PRODUCTS = IntegrationType(
    name="products",
    labels=labels("Produtos", "Products", "Productos"),
    key_labels=_SKU,
    statuses=("success", "error"),
    reprocess_labels=labels("Reprocessar SKU", "Reprocess SKU", "Reprocesar SKU"),
    icon='<path d="M8 1.5l6 3v7l-6 3-6-3v-7zM2 4.5l6 3 6-3M8 7.5v7"/>',
)
TRACKING = IntegrationType(
    name="tracking",
    labels=labels("Rastreamento", "Tracking", "Rastreo"),
    key_labels=labels("Código do pedido", "Order code", "Código del pedido"),
    statuses=("success", "warning", "error"),
    reprocess_labels=_REPROCESS,
    icon='<path d="M1 3.5h8.5v8H1zM9.5 6h3L15 8.5v3H9.5z"/>'
    '<circle cx="4.5" cy="12.5" r="1.6"/><circle cx="11.8" cy="12.5" r="1.6"/>',
)
PRICE = IntegrationType(
    name="price",
    labels=labels("Preço", "Price", "Precio"),
    key_labels=_SKU,
    statuses=("success", "warning", "error"),
    reprocess_labels=_REPROCESS,
    icon='<path d="M1.5 1.5h6l7 7-6 6-7-7z"/><circle cx="5" cy="5" r="1.1"/>',
)
INVENTORY = IntegrationType(
    name="inventory",
    labels=labels("Inventário", "Inventory", "Inventario"),
    key_labels=_SKU,
    statuses=("success", "error"),
    reprocess_labels=_REPROCESS,
    icon='<path d="M1.5 9h6v5.5h-6zM8.5 9h6v5.5h-6zM5 2.5h6V8H5z"/>',
)

CATALOGUE: tuple[IntegrationType, ...] = (ORDERS, PRODUCTS, TRACKING, PRICE, INVENTORY)
BY_NAME: Mapping[str, IntegrationType] = MappingProxyType({each.name: each for each in CATALOGUE})
