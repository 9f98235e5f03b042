"""What can go wrong with the broker, named by what to do next."""


class BrokerError(Exception):
    """Something about Kafka."""


class BrokerUnavailable(BrokerError):
    """Not now: the same call may succeed later. The record may have been written all the same."""


class RecordRefused(BrokerError):
    """Never: the broker refuses this record, whenever it is tried."""
