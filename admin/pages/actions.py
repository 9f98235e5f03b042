"""What a page offers for a type as a whole; what it offers for one row is that row's own `actions`."""

import hashlib

from schemas.catalogue import IntegrationType
from schemas.policy import Policy
from schemas.shown.log import StatusLog


def can_reprocess(policy: Policy, kind: IntegrationType) -> bool:
    """Whether the policy allows reprocessing on some affiliate at least."""
    changes = policy.root.get(kind.name, {}).values()
    return kind.reprocessable or any(change.reprocessable for change in changes)


def stamp(row: StatusLog) -> str:
    """Differs whenever the row does: asking for a row again after it changed is another command, before it is not."""
    reprocess = row.reprocess
    text = f"{row.updated_at.isoformat()} {reprocess and (reprocess.item_id, reprocess.state)}"
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
