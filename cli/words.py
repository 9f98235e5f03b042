"""Words of the command line: the vocabulary's short English ones, as they stand inside a line."""

from api.plan import WILL_SEND
from schemas.words import word


def state_word(name: str) -> str:
    """Return the word for an item's state or a plan's verdict."""
    return "to be sent" if name == WILL_SEND else word("state", name, "en", short=True).lower()
