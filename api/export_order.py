"""The order of an export: the right to give one, and its contents."""

import re

from fastapi import Request

from api.problems import ProblemError
from exports.jobs.desk import ExportDesk
from schemas.export import ExportOrder, ExportRequest
from schemas.item_state import ItemState
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from storage.access_keys import Grant

NOT_EXPORTING = Reason(ReasonCode.NOT_EXPORTING)
#: Addresses that may be repeated in links; any other Host header may not.
_BASE_URL = re.compile(r"https?://[A-Za-z0-9.\-]+(:[0-9]{1,5})?|https?://\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?")


def must_export(grant: Grant) -> None:
    """Require the right to export. Raises a 403 problem for a key without it."""
    if not grant.may_export:
        raise ProblemError(403, "not-exporting", NOT_EXPORTING)


def order_of(
    request: Request,
    grant: Grant,
    asked: ExportRequest,
    *,
    command_id: str | None = None,
    item_state: ItemState | None = None,
) -> ExportOrder:
    """Make the order of an export, of logs or of a command's items.

    Raises a 403 problem for a key without the right.
    """
    must_export(grant)
    desk: ExportDesk = request.app.state.exports
    try:
        base_url = str(request.base_url).rstrip("/")
    except ValueError:  # an invalid Host header
        base_url = ""
    shown = base_url if _BASE_URL.fullmatch(base_url) else "http://localhost"
    return desk.order(asked, grant, shown, command_id=command_id, item_state=item_state)
