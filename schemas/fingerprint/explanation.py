"""An explanation of one fingerprint: what of the message was kept, and what was replaced."""

from typing import NamedTuple

from schemas.fingerprint.digest import fingerprint, without_key
from schemas.fingerprint.normalizer import Part, normalize


class Noted(NamedTuple):
    """A part of a message, as it was written."""

    part: str
    text: str


class Explanation(NamedTuple):
    """Words and parts from which a fingerprint was made."""

    fingerprint: str
    words: str  # that identify the fault, with type, affiliate and code
    kept: tuple[Noted, ...]  # codes and names, besides the words
    replaced: tuple[Noted, ...]  # what varies between entities


def explain(
    integration_type: str, affiliate: str, code: str | None, message: str, key: str | None = None
) -> Explanation:
    """Return the fingerprint that `fingerprint` returns for the same arguments, with its reasons; each part once."""
    text = without_key(message, key) if key else message
    kept: dict[Noted, None] = {}
    replaced: dict[Noted, None] = {}
    if key and text != message:
        replaced[Noted("key", key)] = None

    def note(part: Part, text: str) -> None:
        (kept if part.is_kept else replaced)[Noted(part.value, text)] = None

    words = normalize(text, note)
    return Explanation(
        fingerprint(integration_type, affiliate, code, message, key), words, tuple(kept), tuple(replaced)
    )
