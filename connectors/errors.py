"""What a connector can do wrong."""


class InvalidResultError(Exception):
    """This result would become a dead letter, so it was not sent; the text names the field and the limit."""
