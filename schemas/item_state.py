"""States of an item of a reprocess: one entity of a command, from the verdict on it to the answer."""

from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple

from schemas.catalogue import SEVERITY


class ItemState(StrEnum):
    """State of an item: one entity of a command. After a crash in any state the work goes on from that state.

    Some are of an item that is to be sent (TO_SEND), the rest are verdicts, on one that never is (VERDICTS). Lists of
    states follow from these two.
    """

    QUEUED = "queued"  # to be sent; a worker takes it as soon as there is one, and not before `not_before`
    SENT = "sent"  # Kafka has the retry; the connector's answer is awaited until `expires_at`
    FIXED = "fixed"  # the answer is a success, or less bad than what was reprocessed
    HEALED = "healed"  # its log had succeeded when its turn came: nothing was sent
    SAME_ERROR = "same_error"  # the answer has every fault of what was reprocessed, and maybe more
    DIFFERENT_ERROR = "different_error"  # the answer is as bad, but some fault went away
    BUSY = "busy"  # the marketplace had no time, by the last answer: shown while it waits, and where it ends with that
    SILENT = "silent"  # expired: no answer by `expires_at`; a late one still moves it to one of those above
    FAILED = "failed"  # Kafka refused the retry for good
    CANCELLED = "cancelled"  # its command was cancelled, or stopped itself, before this was sent
    NOT_REPROCESSABLE = "not_reprocessable"  # the policy of its type and affiliate, also by the time when it leaves
    ALREADY_SUCCEEDED = "already_succeeded"  # its status log shows a success
    IN_FLIGHT = "in_flight"  # an earlier item is queued or sent: the request joins that one
    NOT_FOUND = "not_found"  # no such log in this account and type
    CHANGED_SINCE = "changed_since"  # a newer result came after the filter's `as_of`, or, by the policy, before it left
    PAUSED = "paused"  # its affiliate is paused
    REASON_REQUIRED = "reason_required"  # the policy lets it be asked for with a reason only


#: States of an item that is to be sent, in the order of a bar: the good end first, what is still open last.
TO_SEND = (
    ItemState.FIXED,
    ItemState.HEALED,
    ItemState.DIFFERENT_ERROR,
    ItemState.SAME_ERROR,
    ItemState.FAILED,
    ItemState.BUSY,
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

#: Verdicts that an item may also get when its turn comes, after it was queued.
AT_LEAVING = (ItemState.NOT_REPROCESSABLE, ItemState.CHANGED_SINCE)
#: States that the last item of a log may have.
ON_LOGS = (*TO_SEND, *AT_LEAVING)

#: States of an item that was sent in vain.
FAILING_STATES = (
    ItemState.SAME_ERROR,
    ItemState.DIFFERENT_ERROR,
    ItemState.BUSY,
    ItemState.SILENT,
    ItemState.FAILED,
)
#: States of an item that its command did not send, but for one that was answered busy and waits for its next try.
UNSENT_STATES = (ItemState.HEALED, ItemState.CANCELLED, ItemState.QUEUED, *VERDICTS)
#: States of an item in flight.
OPEN_ITEM_STATES = (ItemState.QUEUED, ItemState.SENT)
#: States of an item that was tried: they alone say if reprocessing helps.
TRIED_STATES = (ItemState.FIXED, ItemState.SAME_ERROR, ItemState.DIFFERENT_ERROR)
ANSWERED_STATES = (*TRIED_STATES, ItemState.BUSY)
#: An answer moves an item in one of these. One that is healed or cancelled may have been on its way; one that failed
#: never was.
ANSWERABLE_STATES = tuple(each for each in TO_SEND if each is not ItemState.FAILED)


class Change(NamedTuple):
    """Difference between the faults of a result and of the answer to its retry; fingerprints, sorted."""

    went: tuple[str, ...]
    stayed: tuple[str, ...]
    came: tuple[str, ...]

    @classmethod
    def of(cls, before: Collection[str], after: Collection[str]) -> "Change":
        """Compare two sets of faults; the order of either means nothing."""
        old, new = frozenset(before), frozenset(after)
        return cls(tuple(sorted(old - new)), tuple(sorted(old & new)), tuple(sorted(new - old)))


def outcome(
    before_status: str, before: Collection[str], status: str, after: Collection[str], *, busy: bool = False
) -> ItemState:
    """Return the state that an answer moves an item to.

    `before` and `after` are the fingerprints of all faults of what was reprocessed and of the answer. `busy`: the
    answer says that the marketplace had no time: nothing was tried, so that one without a success fixed nothing.
    """
    if busy and status != "success":
        return ItemState.BUSY
    if SEVERITY[status] < SEVERITY[before_status]:  # type: ignore[index]
        return ItemState.FIXED
    return ItemState.DIFFERENT_ERROR if Change.of(before, after).went else ItemState.SAME_ERROR
