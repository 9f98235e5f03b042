"""Roles of access keys, the least rights first, and the rights that a key has unless it is given or denied them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, get_args

#: A connector only posts results; each of the others may do what those before it may, and more.
Role = Literal["connector", "viewer", "operator", "admin"]


class Rights(NamedTuple):
    """Rights of a key that go beyond its role."""

    may_export: bool  # all logs that a filter matches
    may_see_evidence: bool  # what connectors sent and got: request, response, unknown fields, values of dead letters


#: Rights of a new key by its role. A role that is missing here is an error: nobody gets a right by omission.
USUAL_RIGHTS: Final[Mapping[Role, Rights]] = MappingProxyType(
    {
        "connector": Rights(may_export=False, may_see_evidence=False),
        "viewer": Rights(may_export=False, may_see_evidence=False),
        "operator": Rights(may_export=True, may_see_evidence=True),
        "admin": Rights(may_export=True, may_see_evidence=True),
    }
)
if set(USUAL_RIGHTS) != set(get_args(Role)):
    raise TypeError("USUAL_RIGHTS must have every role, and nothing else")
