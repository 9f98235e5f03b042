"""What a page offers for a type as a whole; what it offers for one row is that row's own `actions`."""

import hashlib
from typing import Any

from fastapi import Request

from admin.pages.visitor import Member, new_once
from schemas.catalogue import IntegrationType
from schemas.columns import log_columns
from schemas.policy import Policy
from schemas.shown.log import StatusLog


def can_reprocess(policy: Policy, kind: IntegrationType) -> bool:
    """Whether the policy allows reprocessing on some affiliate at least."""
    changes = policy.root.get(kind.name, {}).values()
    return kind.reprocessable or any(change.reprocessable for change in changes)


def type_values(request: Request, who: Member, kind: IntegrationType) -> dict[str, Any]:
    """Values for every template that shows rows of a type, or what is under one."""
    chosen = can_reprocess(request.app.state.policy, kind)
    listed = [each for each in log_columns(kind) if each.listed]
    return {
        "account": who.account,
        "page": kind.name,
        "kind": kind,
        "base": f"/{who.account}/{kind.name}",
        "can_reprocess": chosen,
        "listed": listed,
        "columns": len(listed) + (2 if chosen else 1),  # with the actions, and the boxes to select rows
        "stamp": stamp,
        "once": new_once(),
    }


def stamp(row: StatusLog) -> str:
    """Differs whenever the row does: asking for a row again after it changed is another command, before it is not."""
    reprocess = row.reprocess
    text = f"{row.updated_at.isoformat()} {reprocess and (reprocess.item_id, reprocess.state)}"
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
