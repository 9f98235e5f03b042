"""Classes of errors that nobody has written about; schemas.playbook.classification finds the one of an error."""

from enum import StrEnum


class FaultClass(StrEnum):
    """The kind of an error."""

    TRANSIENT = "transient"  # the marketplace had no time, or could not be reached
    LIMIT = "limit"  # too many calls, or a quota that is used up
    CREDENTIALS = "credentials"  # token, key or login
    PERMISSION = "permission"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"  # it is there already, or changed meanwhile
    VALIDATION = "validation"  # what was sent was refused
    CONNECTOR = "connector"  # the connector itself failed
    MARKETPLACE = "marketplace"  # the marketplace failed, or is not done yet
