"""Names of groups that a filter, or an act, knows by their numbers alone."""

from collections.abc import Sequence

from fastapi import Request

from admin.pages.names import group_name
from admin.pages.view import MOST_TOLD
from admin.pages.visitor import Member
from schemas.filter import LogFilter
from storage.logs.groups import name_faults


async def names_of_groups(request: Request, who: Member, integration_type: str, filter_: LogFilter) -> dict[str, str]:
    """Return the names of the groups that a filter takes or leaves out, by fingerprint; of those that a page tells."""
    told = (*filter_.fingerprint[:MOST_TOLD], *filter_.exclude_fingerprint[:MOST_TOLD])
    return await names_of(request, who, integration_type, told)


async def names_of(request: Request, who: Member, integration_type: str, fingerprints: Sequence[str]) -> dict[str, str]:
    """Return the names of groups of a type, by fingerprint."""
    if not fingerprints:
        return {}
    async with request.app.state.reader.reading(who.account) as connection:
        found = await name_faults(connection, who.account, integration_type, fingerprints, now=who.visitor.now)
    return {name: group_name(each.code, each.message, name) for name, each in found.items()}
