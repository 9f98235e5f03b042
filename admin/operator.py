"""Who may command: an operator of the account."""

from api.authentication import at_least, may_see
from api.problems import ProblemError, not_found
from storage.access_keys import Grant


def operator_of(grant: Grant, account: str) -> None:
    """404 for an account that the caller may not see, 403 for one that may only be read."""
    if not may_see(grant, account):
        raise not_found()
    if not at_least(grant, "operator"):
        raise ProblemError(403, "not-permitted", "Your key may read only: this needs the role operator.")
