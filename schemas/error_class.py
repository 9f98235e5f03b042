"""Classes of failures; schemas.classification finds the one of a result."""

from enum import StrEnum
from typing import Final


class ErrorClass(StrEnum):
    """Classes, the best known first."""

    BUSY = "busy"  # the marketplace had no time: 429, 5xx, throttling, a time-out
    TRANSPORT = "transport"  # it was never reached: names, TLS, sockets, the connector's own database or proxy
    PERMANENT = "permanent"  # it says what is wrong with what was sent, or who may send it: the same comes back
    UNKNOWN = "unknown"  # nothing of these


#: Classes that may be tried again by themselves.
RETRIED_CLASSES: Final = (ErrorClass.BUSY, ErrorClass.TRANSPORT, ErrorClass.UNKNOWN)
