"""Errors of the database, named by the action that they ask for."""

from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason


class StorageError(Exception):
    """An error of the database."""


class StorageUnavailable(StorageError):
    """The database is unavailable: the same call may succeed later. Nothing of it was written, or all of it was."""


class NotLetIn(StorageUnavailable):
    """PostgreSQL answers and refuses this login, its role, or a right of it.

    Somebody must put that right, then the call succeeds.
    """


class SchemaUnfit(StorageUnavailable):
    """The database has no schema, or not one that this version works on. The text says what to do."""


class TimedOut(StorageUnavailable):
    """A statement took longer than it may, in PostgreSQL or on the network. A smaller one may succeed.

    Getting no connection in time is StorageUnavailable.
    """


class RowRefused(StorageError):
    """PostgreSQL refuses a value of this call, whenever it is tried. Nothing of it was written."""

    @property
    def reason(self) -> Reason:
        """Reason for the sender of the value."""
        return Reason(ReasonCode.REFUSED_BY_POSTGRESQL, detail=str(self))


class MigrationFailed(StorageError):
    """A migration could not be applied; those before it are."""


class PositionLost(StorageError):
    """The database lacks what came before: what it lacks has to be read again from Kafka. Nothing was written."""
