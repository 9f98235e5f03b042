"""Errors of the server that a caller can correct."""


class AddressUnusableError(Exception):
    """The address is in use, or not of this machine. The text says which setting to change."""
