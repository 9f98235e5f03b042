"""A store that has traded for weeks, in which some things are not as they usually are."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import asyncpg

from schemas.catalogue import BY_NAME
from schemas.incident import IncidentFacts, Kind, State
from tests.support.learned import an_incident, have_come, have_had, learn

#: Affiliates of which nothing is to be said.
QUIET = ("AME", "CRF", "MGL", "SHP", "Carrefour-Marketplace-BR")
#: Hours since MLB's prices fail, and results of each hour and pair.
FAILS_FOR, AN_HOUR = 5, 60
_DAY, _WEEK = 25, 168


def _counts(affiliates: tuple[str, ...], *, changed: bool) -> Iterator[tuple[str, str, str, int, int]]:
    for affiliate in affiliates:
        for name in BY_NAME:
            for ago in (*range(_DAY), *range(_WEEK, _WEEK + _DAY)):
                failed, total = 2, AN_HOUR
                if changed and affiliate == "MLB" and name == "price" and ago < FAILS_FOR:
                    failed = 45
                if changed and affiliate == "SHP" and name == "inventory" and ago < _DAY:
                    total = 20
                if changed and affiliate == "MGL" and name == "price" and ago >= _WEEK:
                    failed = 20
                if changed and affiliate == "AMZ" and ago < 3:
                    continue
                yield name, affiliate, "error", ago, failed
                yield name, affiliate, "success", ago, total - failed


async def traded(
    owner: asyncpg.Connection, *, changed: bool, affiliates: tuple[str, ...] = ("MLB", "AMZ", *QUIET)
) -> None:
    """Give acme two weeks of results. `changed`: MLB's prices fail for some hours, AMZ is silent, SHP sends fewer
    stocks than last week, and MGL fails less often; the first two are incidents.
    """
    now = datetime.now(UTC)
    # A twentieth fails in every hour: MLB's prices now are far above, MGL's last week were.
    await have_had(owner, [("acme", name, each) for each in affiliates for name in BY_NAME], failures=3)
    await have_come(owner, _counts(affiliates, changed=changed))
    await learn(owner)
    if not changed:
        return
    await owner.execute(
        "UPDATE received_times SET last_at = now() - interval '3 hours' WHERE account = 'acme' AND affiliate = 'AMZ'"
    )
    await owner.execute("DELETE FROM received_steps WHERE affiliate = 'AMZ' AND step > now() - interval '3 hours'")
    await an_incident(owner, opened_at=now - timedelta(hours=4))
    silent = IncidentFacts(
        since=now - timedelta(hours=3), usual_interval_seconds=280, kinds=[Kind.SILENCE], integration_types=[*BY_NAME]
    )
    await an_incident(
        owner,
        kind=Kind.SILENCE,
        affiliate="AMZ",
        integration_type=None,
        severity="warning",
        state=State.OPEN,
        opened_at=now - timedelta(hours=2),
        facts=silent,
    )
