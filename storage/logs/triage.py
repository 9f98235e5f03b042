"""Decisions and labels of groups of equal errors, as they stand now. Rows are only ever added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.group import MAX_HISTORY, GroupEntry
from schemas.group_filter import GroupFilter
from schemas.group_state import UNDECIDED, Decision, Evidence, Standing, standing
from storage.database import Connection
from storage.statements import SQL

_DECIDED = frozenset(Decision.model_fields)


@dataclass(frozen=True)
class Triage:
    """All groups of one account and type about which anything was decided or written, by fingerprint."""

    #: States by fingerprint, decided last first.
    standings: Mapping[str, Standing]
    owners: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, list[str]] = field(default_factory=dict)
    tickets: Mapping[str, str] = field(default_factory=dict)

    def standing(self, fingerprint: str) -> Standing:
        """Return the state of a group now."""
        return self.standings.get(fingerprint, UNDECIDED)

    @property
    def ignored(self) -> list[str]:
        """Fingerprints that are ignored now, decided last first."""
        return [name for name, each in self.standings.items() if each.state == "ignored"]

    def chosen(self, wanted: GroupFilter) -> tuple[list[str] | None, list[str]]:
        """Return the groups that `wanted` may choose, None for any, and those that it does not."""
        only: set[str] | None = None
        never: list[str] = []
        if wanted.owner is not None:
            only = {name for name, owner in self.owners.items() if owner == wanted.owner}
        if wanted.tag is not None:
            tagged = {name for name, tags in self.tags.items() if wanted.tag.lower() in tags}
            only = tagged if only is None else only & tagged
        if wanted.state and "open" in wanted.state:  # also those about which nobody decided
            never = [name for name, each in self.standings.items() if each.state not in wanted.state]
        elif wanted.state:
            such = {name for name, each in self.standings.items() if each.state in wanted.state}
            only = such if only is None else only & such
        return None if only is None else sorted(only), never


async def read_triage(
    connection: Connection, account: str, integration_type: str, fingerprint: str | None = None
) -> Triage:
    """Return what people decided and wrote about groups of a type, or of one of them, and how they stand now.

    Two statements; they grow with what people decide, and not with results.
    """
    own = {"account": account, "integration_type": integration_type, "fingerprint": fingerprint}
    decided = await SQL["read_decisions"].fetch(connection, **own)
    written: dict[str, dict[str, list[str]]] = {"owner": {}, "tags": {}, "ticket": {}}
    for row in await SQL["read_labels"].fetch(connection, **own):
        if row["value"]:
            written[row["kind"]][row["fingerprint"]] = row["value"]
    return Triage(
        {
            row["fingerprint"]: standing(_decision(row), _evidence(row))
            for row in sorted(decided, key=lambda each: -int(each["id"]))
        },
        {name: value[0] for name, value in written["owner"].items()},
        written["tags"],
        {name: value[0] for name, value in written["ticket"].items()},
    )


async def read_history(
    connection: Connection, account: str, integration_type: str, fingerprints: Sequence[str]
) -> dict[str, list[GroupEntry]]:
    """Return the last acts of people on each of these groups, newest first; those without any are left out."""
    found: dict[str, list[GroupEntry]] = {}
    rows = await SQL["read_group_history"].fetch(
        connection,
        account=account,
        integration_type=integration_type,
        fingerprints=list(fingerprints),
        limit=MAX_HISTORY,
    )
    for row in rows:
        entry = {name: value for name, value in row.items() if name != "fingerprint"}
        found.setdefault(row["fingerprint"], []).append(GroupEntry(**entry))
    return found


def _decision(row: Any) -> Decision:
    return Decision(**{name: value for name, value in row.items() if name in _DECIDED})


def _evidence(row: Any) -> Evidence:
    return Evidence(row["now"], row["last_received_at"], row["received"], row["escalated_at"])
