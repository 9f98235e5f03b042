"""A store in which a new version of a connector leaves a field out, minutes after an affiliate was resumed."""

import json
from datetime import timedelta

import asyncpg

from schemas.incident import IncidentFacts, Kind
from tests.integration.api.conftest import Store
from tests.support.events import T0, Event, at, result, with_evidence, with_extensions
from tests.support.learned import an_incident

CODE = "product.invalid"
GTIN, PRICE = "7891000315507", "19.90"
AFFECTED, HEALED, WELL = 40, 15, 60


def _result(number: int, seconds: float, *, failed: bool, new: bool, affiliate: str = "MLB") -> Event:
    """A result at `seconds` after the beginning. `new`: of the new version, which leaves the GTIN out."""
    event = result(
        f"{affiliate}/{number}/{seconds}",
        affiliate=affiliate,
        key=f"{('KIT', 'SKU', 'PG')[number % 3]}-{number:04}",
        status="error" if failed else "success",
        processed_at=at(seconds),
        operation=("update-price", "create-offer")[number % 2],
        message="The product is invalid" if failed else None,
        errors=[{"code": CODE, "message": "The product is invalid", "category": "CATALOG"}] if failed else None,
    )
    request = {"sku": number, "color": ("red", "blue", "black")[number % 3], **({} if new else {"gtin": GTIN})}
    text = f'{json.dumps(request)[:-1]}, "price": {PRICE}, "at": {seconds}}}'
    version = "2.5.0" if new else ("2.3.0", "2.4.0")[number % 2]
    return with_extensions(with_evidence(event, text), structured=number % 2 == 0, connectorversion=version)


def results() -> list[Event]:
    """Every entity succeeds twice before; the new version comes after five minutes and fails most of its own."""
    entities = range(AFFECTED + WELL)
    events = [_result(n, -9000 + n, failed=False, new=False) for n in entities]
    events += [_result(n, -5000 + n, failed=False, new=False) for n in entities]
    events += [_result(n, 10 * n, failed=True, new=True) for n in range(AFFECTED)]
    events += [_result(n, 900 + n, failed=False, new=False) for n in range(HEALED)]
    events += [_result(n, 8 * n - 300, failed=False, new=n % 12 == 0) for n in entities if n >= AFFECTED]
    events += [_result(n, 10 * n, failed=False, new=False, affiliate="AMZ") for n in entities]
    return events


async def have_a_cause(store_events: Store, owner: asyncpg.Connection) -> str:
    """Store it, with an incident of it (1) and one of a share of failures (2). Returns the fingerprint of the fault."""
    await store_events(*results())
    for minutes, action, affiliate in ((-7, "resumed", "MLB"), (-2, "resumed", "AMZ"), (-900, "paused", "MLB")):
        await owner.execute(
            """INSERT INTO reprocess_audit (account, action, affiliate, requested_by, reason, request, at)
               VALUES ('acme', $1, $2, 'maria', 'maintenance', '{}', $3)""",
            action,
            affiliate,
            T0 + timedelta(minutes=minutes),
        )
    fingerprint: str = await owner.fetchval("SELECT fingerprint FROM status_logs WHERE code = $1 LIMIT 1", CODE)
    facts = IncidentFacts(since=T0, faults=[fingerprint], integration_types=["price"])
    for kind in (Kind.NEW_FAULT, Kind.FAILURE_SHARE):
        told = facts.model_copy(
            update={"kinds": [kind], "fingerprint": fingerprint if kind is Kind.NEW_FAULT else None}
        )
        await an_incident(owner, kind=kind, opened_at=T0 + timedelta(minutes=3), changed_at=T0, facts=told)
    return fingerprint
