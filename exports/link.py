"""Where the page of a log is."""

from schemas.export import ExportOrder


def log_link(order: ExportOrder) -> str:
    """What the link to a log of the order's account and type begins with; the log's id follows."""
    return f"{order.public_url}/{order.account}/{order.integration_type}/logs/"
