"""The order of an export: the right to give one, and its contents."""

import re

from fastapi import Request

from api.problems import ProblemError, no_evidence
from exports.jobs.desk import ExportDesk
from schemas.export import Export, ExportOrder, ExportRequest
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


def must_get(grant: Grant, export: Export) -> None:
    """Require the rights to the file of an export. Raises a 403 problem for a key without them."""
    must_export(grant)
    if export.has_evidence and not grant.may_see_evidence:
        raise no_evidence()


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
    order = desk.order(asked, grant, shown, command_id=command_id, item_state=item_state)
    if order.format != "xlsx" or command_id is not None or not grant.may_see_evidence:
        return order
    return order.model_copy(update={"fixes": request.app.state.policy.fixable(order.integration_type)})
