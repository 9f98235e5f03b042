"""Errors of a connector."""


class InvalidResultError(Exception):
    """The result would become a dead letter, so it was not sent. The text names the field and the limit."""
