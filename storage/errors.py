"""What can go wrong with the database, named by what to do next."""

from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason


class StorageError(Exception):
    """Something about the database."""


class StorageUnavailable(StorageError):
    """Not now: the same call may succeed later. Nothing of it was written, or all of it was."""


class TimedOut(StorageUnavailable):
    """Not in time: a statement took longer than one may. The same may be so next time; a smaller one may do.

    Having got no connection in time is StorageUnavailable.
    """


class RowRefused(StorageError):
    """Never: PostgreSQL refuses a value of this call, whenever it is tried. Nothing of it was written."""

    @property
    def reason(self) -> Reason:
        """Why, for whoever sent it."""
        return Reason(ReasonCode.REFUSED_BY_POSTGRESQL, detail=str(self))


class MigrationFailed(StorageError):
    """A migration could not be applied; those before it are."""


class PositionLost(StorageError):
    """The database lacks what came before: what it lacks has to be read again from Kafka. Nothing was written."""
