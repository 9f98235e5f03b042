"""The order of an export: who may give one, and what it says."""

import re

from fastapi import Request

from api.problems import ProblemError
from exports.jobs.desk import ExportDesk
from schemas.export import ExportOrder, ExportRequest
from schemas.reprocess import ItemState
from storage.access_keys import Grant

#: Of a request; another Host is not repeated in links.
_BASE_URL = re.compile(r"https?://[A-Za-z0-9.\-]+(:[0-9]{1,5})?|https?://\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?")


def must_export(grant: Grant) -> None:
    """Raise a 403 problem when the key may only look."""
    if not grant.may_export:
        raise ProblemError(403, "not-permitted", "Your key does not allow exporting: it was created without --export.")


def order_of(
    request: Request,
    grant: Grant,
    asked: ExportRequest,
    *,
    command_id: str | None = None,
    item_state: ItemState | None = None,
) -> ExportOrder:
    """What the caller orders: logs, or the items of a command. Raises a 403 problem when the key may only look."""
    must_export(grant)
    desk: ExportDesk = request.app.state.exports
    try:
        base_url = str(request.base_url).rstrip("/")
    except ValueError:  # a Host that is none
        base_url = ""
    shown = base_url if _BASE_URL.fullmatch(base_url) else "http://localhost"
    return desk.order(asked, grant, shown, command_id=command_id, item_state=item_state)
