"""The vocabulary as the command line says it: short, in English, inside a line."""

from api.plan import WILL_SEND
from schemas.words import word


def state_word(name: str) -> str:
    """The word for an item's state or a plan's verdict."""
    return "to be sent" if name == WILL_SEND else word("state", name, "en", short=True).lower()
