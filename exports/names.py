"""Names of files, and the beginning of links in them. A file's name has no text of a caller."""

from datetime import datetime
from zoneinfo import ZoneInfo

from schemas.export import Export, ExportOrder


def file_name(order: ExportOrder | Export, at: datetime) -> str:
    """Return an ASCII name, e.g. `conexoes-demo-price-2026-11-24-0915.xlsx`, in the order's time zone."""
    local = at.astimezone(ZoneInfo(order.timezone))
    what = order.integration_type if order.command_id is None else f"{order.integration_type}-reprocess"
    return f"conexoes-{order.account}-{what}-{local:%Y-%m-%d-%H%M}.{order.format}"


def log_link(order: ExportOrder) -> str:
    """Return the beginning of the link to a log of the order's account and type; the log's id follows."""
    return f"{order.public_url}/{order.account}/{order.integration_type}/logs/"
