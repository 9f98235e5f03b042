"""Addresses and secrets of channels as they are stored: encrypted, so that a copy of the database opens no chat."""

from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason

#: Length of a key in characters: 32 bytes in URL-safe base64.
KEY_CHARACTERS: Final = 44


class SealedElsewhere(Exception):
    """No key of ours opens it: another one sealed it, or it was changed."""

    reason: Final = Reason(ReasonCode.CHANNEL_SEALED_ELSEWHERE)


class Sealer:
    """Seals with the first of its keys and opens with each, so that a key is changed without a gap.

    Fernet: AES-128-CBC and HMAC-SHA-256, by the library `cryptography`.
    """

    def __init__(self, keys: str) -> None:
        """`keys`: one or more with spaces between, each 32 bytes in URL-safe base64. Raises ValueError."""
        given = keys.split()
        if not given or any(len(each) != KEY_CHARACTERS for each in given):
            raise ValueError("must be 32 bytes in URL-safe base64, or several such with spaces between")
        try:
            self._fernet = MultiFernet([Fernet(each) for each in given])
        except ValueError:
            raise ValueError("must be 32 bytes in URL-safe base64, or several such with spaces between") from None

    def seal(self, text: str) -> bytes:
        """Encrypt a text; twice the same text gives other bytes."""
        return self._fernet.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """Return what was sealed. Raises SealedElsewhere."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise SealedElsewhere("the key that it was sealed with is missing") from None


def new_key() -> str:
    """Make a key."""
    return Fernet.generate_key().decode()
