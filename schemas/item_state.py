"""States of an item of a reprocess: one entity of a command, from the verdict on it to the answer."""

from enum import StrEnum

from schemas.catalogue import SEVERITY


class ItemState(StrEnum):
    """State of an item: one entity of a command. After a crash in any state the work goes on from that state.

    Some are of an item that is to be sent (TO_SEND), the rest are verdicts, on one that never is (VERDICTS). Lists of
    states follow from these two.
    """

    QUEUED = "queued"  # to be sent; a worker takes it as soon as there is one
    SENT = "sent"  # Kafka has the retry; the connector's answer is awaited until `expires_at`
    FIXED = "fixed"  # the answer is a success, or less bad than what was reprocessed
    SAME_ERROR = "same_error"  # the answer has the fingerprint of what was reprocessed
    DIFFERENT_ERROR = "different_error"  # the answer is as bad, but another fault
    SILENT = "silent"  # expired: no answer by `expires_at`; a late one still moves it to one of the three above
    FAILED = "failed"  # Kafka refused the retry for good
    CANCELLED = "cancelled"  # its command was cancelled, or stopped itself, before this was sent
    NOT_REPROCESSABLE = "not_reprocessable"  # the policy of its type and affiliate
    ALREADY_SUCCEEDED = "already_succeeded"  # its status log shows a success
    IN_FLIGHT = "in_flight"  # an earlier item is queued or sent: the request joins that one
    NOT_FOUND = "not_found"  # no such log in this account and type
    CHANGED_SINCE = "changed_since"  # a newer result came after the filter's `as_of`
    PAUSED = "paused"  # its affiliate is paused
    REASON_REQUIRED = "reason_required"  # the policy lets it be asked for with a reason only


#: States of an item that is to be sent, in the order of a bar: the good end first, what is still open last.
TO_SEND = (
    ItemState.FIXED,
    ItemState.DIFFERENT_ERROR,
    ItemState.SAME_ERROR,
    ItemState.FAILED,
    ItemState.SILENT,
    ItemState.CANCELLED,
    ItemState.SENT,
    ItemState.QUEUED,
)
#: Verdicts, for an item that never is sent, in the order in which a plan shows them.
VERDICTS = (
    ItemState.ALREADY_SUCCEEDED,
    ItemState.IN_FLIGHT,
    ItemState.NOT_REPROCESSABLE,
    ItemState.CHANGED_SINCE,
    ItemState.PAUSED,
    ItemState.NOT_FOUND,
    ItemState.REASON_REQUIRED,
)
if sorted((*TO_SEND, *VERDICTS)) != sorted(ItemState):
    raise TypeError("each ItemState must be in one of TO_SEND and VERDICTS, once")

OPEN_ITEM_STATES = (ItemState.QUEUED, ItemState.SENT)
ANSWERED_STATES = (ItemState.FIXED, ItemState.SAME_ERROR, ItemState.DIFFERENT_ERROR)
#: An answer moves an item in one of these. A cancelled one may have been on its way; one that failed never was.
ANSWERABLE_STATES = tuple(each for each in TO_SEND if each is not ItemState.FAILED)


def outcome(before_status: str, before_fingerprint: str | None, status: str, fingerprint: str | None) -> ItemState:
    """Return the state that an answer with `status` and `fingerprint` moves an item to."""
    if SEVERITY[status] < SEVERITY[before_status]:  # type: ignore[index]
        return ItemState.FIXED
    return ItemState.SAME_ERROR if fingerprint == before_fingerprint else ItemState.DIFFERENT_ERROR
