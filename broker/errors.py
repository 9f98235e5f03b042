"""Errors of the broker, named by what to do next."""

from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason


class BrokerError(Exception):
    """Any error of Kafka."""


class BrokerUnavailable(BrokerError):
    """Kafka can't be reached now: the same call may succeed later. The record may have been written all the same."""

    @property
    def reason(self) -> Reason:
        """The failure, for whoever asked for the record to be sent."""
        return Reason(ReasonCode.NOT_ACKNOWLEDGED, detail=str(self))


class RecordRefused(BrokerError):
    """Kafka refuses this record, and will always refuse it."""

    @property
    def reason(self) -> Reason:
        """The refusal, for whoever asked for the record to be sent."""
        return Reason(ReasonCode.REFUSED_BY_KAFKA, detail=str(self))
