"""Errors of the broker, named by what to do next."""


class BrokerError(Exception):
    """Any error of Kafka."""


class BrokerUnavailable(BrokerError):
    """Kafka can't be reached now: the same call may succeed later. The record may have been written all the same."""


class RecordRefused(BrokerError):
    """Kafka refuses this record, and will always refuse it."""
