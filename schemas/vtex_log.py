"""VTEX's log contract: the words in which connectors are asked to list what they did, and what they are to us.

Source: developers.vtex.com, *External Marketplace*, "Catalog logs" and "Order logs". The contract has no entity, no
marketplace and no time of a message, only the day that is asked for. Members of ours, which others may ignore, say
them.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from schemas.catalogue import BY_NAME, IntegrationType

#: Operations by type, for types that VTEX has words for; the first of a type is the one that we say.
_OPERATIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "orders": ("Order status update", "Order integration", "Order creation"),
        "products": ("Catalog change", "Offer creation"),
        "tracking": ("Tracking code sending", "Invoice sending"),
        "price": ("Price update",),
        "inventory": ("Inventory update", "Stock update"),
    }
)
#: Words for our statuses, as we say them.
STATUSES: Final[Mapping[str, str]] = MappingProxyType({"success": "Success", "error": "Error", "warning": "Alert"})
#: Statuses by the words that connectors and callers use, in lower case. VTEX's own example of a request says `sucess`.
STATUS_OF: Final[Mapping[str, str]] = MappingProxyType(
    {"success": "success", "sucess": "success", "error": "error", "alert": "warning", "warning": "warning"}
)
#: Status of work that has not ended. We have no word for it: a result is of work that has.
PENDING: Final = "pending"
#: Word that asks for every status.
ALL: Final = "all"
#: Members with the three payloads of a message. VTEX's example of an answer has the misspelt one.
SOURCE: Final = "ContentSource"
TRANSLATED: Final = "ContentTranslated"
TRANSLATED_AS_IN_THE_EXAMPLE: Final = "ContentTransalted"
DESTINATION: Final = "ContentDestination"

TO_VTEX: Final = "Marketplace to VTEX"
FROM_VTEX: Final = "VTEX to Marketplace"


def operations_of(integration_type: IntegrationType) -> tuple[str, ...]:
    """Return the words for the work of a type, at least one: its label, where VTEX has none."""
    return _OPERATIONS.get(integration_type.name, (integration_type.labels["en"],))


#: Types by operation.
TYPE_OF: Final[Mapping[str, str]] = MappingProxyType(
    {word: each.name for each in BY_NAME.values() for word in operations_of(each)}
)


def direction_of(integration_type: str) -> str:
    """Return where work of a type goes: orders come in, everything else goes out."""
    return TO_VTEX if integration_type == "orders" else FROM_VTEX


def span_of(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the beginning and the end of a day, in UTC. One with a change of the clock has 23 or 25 hours."""
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
