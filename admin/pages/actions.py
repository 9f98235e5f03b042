"""Actions of a page for a type as a whole; those for one row are the row's own `actions`."""

import hashlib
from typing import Any

from fastapi import Request

from admin.pages.preferences import columns_of
from admin.pages.row_versions import as_text
from admin.pages.visitor import Member, new_once
from schemas.catalogue import IntegrationType
from schemas.policy import Policy
from schemas.shown.log import StatusLog


def can_reprocess(policy: Policy, kind: IntegrationType) -> bool:
    """Return True when the policy allows reprocessing on at least one affiliate."""
    changes = policy.root.get(kind.name, {}).values()
    return kind.reprocessable or any(change.reprocessable for change in changes)


def type_values(
    request: Request, who: Member, kind: IntegrationType, columns: tuple[str, ...] | None = None
) -> dict[str, Any]:
    """Return values for every template that shows rows of a type, or the details of one.

    `columns`: those that the address names, in place of the visitor's own.
    """
    chosen = can_reprocess(request.app.state.policy, kind)
    listed = columns_of(kind, who.visitor.columns if columns is None else columns)
    return {
        "account": who.account,
        "page": kind.name,
        "kind": kind,
        "base": f"/{who.account}/{kind.name}",
        "can_reprocess": chosen,
        "listed": listed,
        "columns": len(listed) + (2 if chosen else 1),  # with the actions, and the boxes to select rows
        "stamp": stamp,
        "version": as_text,
        "once": new_once(),
    }


def stamp(row: StatusLog) -> str:
    """Return a stamp of the row's state, so that a request for a changed row is another command."""
    reprocess = row.reprocess
    text = f"{row.updated_at.isoformat()} {reprocess and (reprocess.item_id, reprocess.state)}"
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
