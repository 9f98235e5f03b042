"""The order of many accounts."""

from datetime import UTC, datetime

from schemas.account_state import AccountState, worst_first


def test_the_order_of_accounts_is_total_and_never_by_size_alone() -> None:
    now = datetime.now(UTC)
    calm = AccountState("calm", 10_000, 900, 950.0, 0, critical=False, paused=[], last_at=now)
    more = calm._replace(account="more", failures=20, usual=2.0)
    one = calm._replace(account="one", failures=0, incidents=1)
    worst = calm._replace(account="worst", failures=0, incidents=1, critical=True)
    quiet = calm._replace(account="a", results=0, failures=0, usual=0.0, last_at=None)
    states = [quiet, calm, more, one, worst]
    for given in (states, states[::-1]):
        assert [each.account for each in worst_first(given)] == ["worst", "one", "more", "calm", "a"]
