"""The state machine of incidents: what opens one, what joins it, what escalates, resolves and reopens it."""

import itertools
from datetime import datetime

import pytest

from schemas.incident import Edge, IncidentFacts, Kind, State
from schemas.incident_change import CALM, JOINS_WITHIN, REOPENED_WITHIN
from schemas.signal import LONGEST_SILENCE, Figures, Pair, Signal, Stopped, signals
from tests.support.seeded_days import DAY, DAY0, HOUR, MINUTE, Book

TYPES = ("orders", "products", "tracking", "price", "inventory")


def at(minutes: float) -> Figures:
    """Return figures of so many minutes later, where nothing is wrong."""
    return known_until(DAY0 + minutes * MINUTE)


def known_until(as_of: datetime, now: datetime | None = None) -> Figures:
    return Figures(now or as_of, dict.fromkeys(TYPES, as_of), dict.fromkeys(TYPES, DAY0 - DAY))


def signal(kind: Kind, *types: str, affiliate: str | None = "MLB", fault: str = "", opens: bool = True) -> Signal:
    facts = IncidentFacts(count=10, fingerprint=fault or None, faults=[fault] if fault else [], code=fault or None)
    return Signal(kind, types, affiliate, fault, opens=opens, critical=False, facts=facts)


class Days(Book):
    """A book that is given signals."""

    def see(self, minutes: float, *found: Signal) -> None:
        self.take(at(minutes), list(found))

    @property
    def edges(self) -> list[str]:
        return [f"{each.number} {each.edge.value} {each.kind.value}" for each in self.told]


@pytest.fixture
def days() -> Days:
    return Days()


def test_an_outage_over_five_types_with_a_new_fault_in_each_and_a_breaker_is_one_incident(days: Days) -> None:
    faults = [signal(Kind.NEW_FAULT, each, fault=f"of {each}") for each in TYPES]
    shares = [signal(Kind.FAILURE_SHARE, each) for each in TYPES]
    breaker = signal(Kind.BREAKER_OPENED, "price")
    days.see(0, faults[0], faults[3])
    days.see(2, *faults, shares[3])
    days.see(4, *faults, *shares, breaker)
    days.see(50, *faults, *shares, breaker)
    assert days.edges == ["1 opened new_fault", "1 escalated failure_share", "1 joined failure_share"]
    [one] = days.open
    assert (one.kind, one.affiliate, one.integration_type) == (Kind.FAILURE_SHARE, "MLB", None)
    assert one.facts.integration_types == sorted(TYPES)
    assert one.facts.kinds == [Kind.NEW_FAULT, Kind.BREAKER_OPENED, Kind.FAILURE_SHARE]
    assert one.facts.count == 50  # of the gravest kind, added up
    assert one.facts.code in {f"of {each}" for each in TYPES}
    assert set(one.facts.faults) == {f"of {each}" for each in TYPES}


def test_another_affiliate_is_another_incident_and_so_is_a_later_fault_of_another_type(days: Days) -> None:
    first = signal(Kind.NEW_FAULT, "price", fault="a")
    days.see(0, first, signal(Kind.NEW_FAULT, "price", affiliate="AMZ", fault="b"))
    later = JOINS_WITHIN / MINUTE + 1
    days.see(later, first, signal(Kind.NEW_FAULT, "price", fault="c"), signal(Kind.NEW_FAULT, "orders", fault="d"))
    assert len(list(days.opened())) == 3
    assert sorted(str(each.affiliate) for each in days.opened()) == ["AMZ", "MLB", "MLB"]


def test_what_explains_an_incident_joins_it_at_any_time(days: Days) -> None:
    fault = signal(Kind.NEW_FAULT, "price", fault="a")
    for minutes in range(0, 100, 5):
        days.see(minutes, fault)
    days.see(100, fault, signal(Kind.FAILURE_SHARE, "price"))
    days.see(105, fault, signal(Kind.FAILURE_SHARE, "orders"))
    days.see(110, signal(Kind.SILENCE, "price", "orders"))
    assert days.edges == [
        "1 opened new_fault",
        "1 escalated failure_share",
        "1 joined failure_share",
        "1 escalated silence",
    ]
    days.see(115, signal(Kind.SILENCE, "price"), signal(Kind.FAILURE_SHARE, "inventory", affiliate="AMZ"))
    assert len(days.open) == 2


def test_a_silence_of_the_whole_account_has_those_of_affiliates_in_it(days: Days) -> None:
    days.see(0, signal(Kind.SILENCE, "price"))
    everything = signal(Kind.SILENCE, *TYPES, affiliate=None)
    for minutes in range(5, 60, 5):
        days.see(minutes, everything, signal(Kind.BREAKER_OPENED, "price", affiliate="AMZ"))
    assert days.edges == ["1 opened silence", "2 opened silence"]  # the first is kept open by the second
    assert [each.affiliate for each in days.open] == ["MLB", None]
    # One affiliate is back; the others are still part of the same thing.
    days.see(60, signal(Kind.SILENCE, *TYPES, affiliate="AMZ"))
    assert len(list(days.opened())) == 2


def test_an_incident_turns_critical_once(days: Days) -> None:
    mild = signal(Kind.FAILURE_SHARE, "price")
    grave = mild._replace(critical=True)
    days.see(0, mild)
    assert days.open[0].severity == "warning"
    days.see(1, grave)
    assert (days.open[0].severity, days.open[0].state) == ("critical", State.ESCALATED)
    days.see(2, mild)
    days.see(3, grave)
    assert [each.edge for each in days.told] == [Edge.OPENED, Edge.ESCALATED]
    other = Days()
    other.see(0, grave)
    other.see(1, grave)
    assert [each.edge for each in other.told] == [Edge.OPENED]


def test_what_turns_critical_is_told_though_it_has_escalated(days: Days) -> None:
    fault, share = signal(Kind.NEW_FAULT, "price", fault="a"), signal(Kind.FAILURE_SHARE, "price")
    days.see(0, fault)
    days.see(1, fault, share)
    for minutes in (2, 3):
        days.see(minutes, fault, share._replace(critical=True))
    assert [each.edge for each in days.told] == [Edge.OPENED, Edge.ESCALATED, Edge.ESCALATED]
    assert (days.open[0].severity, days.open[0].state) == ("critical", State.ESCALATED)
    assert days.open[0].changed_at == DAY0 + 2 * MINUTE


def test_each_kind_and_type_that_joins_is_told_once_in_whatever_order_they_come() -> None:
    kinds = [each for each in Kind if each is not Kind.REPROCESS_STOPPED]
    for order in itertools.permutations(kinds):
        days, types = Days(), itertools.cycle(TYPES)
        found = [signal(kind, next(types), fault="a") for kind in order]
        for minutes in range(1, 2 * len(found)):
            days.see(minutes, *found[:minutes])
        gravest = [max(order[: number + 1], key=kinds.index) for number in range(len(order))]
        expected = [f"1 opened {order[0].value}"] + [
            f"1 {'escalated' if now is not before else 'joined'} {now.value}"
            for before, now in itertools.pairwise(gravest)
        ]
        assert days.edges == expected
    days = Days()
    for minutes, type_ in enumerate((*TYPES, *TYPES)):
        days.see(minutes, signal(Kind.FAILURE_SHARE, type_))
    assert [each.edge for each in days.told] == [Edge.OPENED] + 4 * [Edge.JOINED]


def test_it_is_over_after_ten_calm_minutes_of_data_and_reopened_when_it_is_back(days: Days) -> None:
    share, calm = signal(Kind.FAILURE_SHARE, "price"), CALM / MINUTE
    days.see(0, share)
    days.see(calm - 1)
    assert len(days.open) == 1
    days.see(calm)
    assert days.open == []
    assert days.incidents[1].resolved_at == DAY0 + CALM
    back = calm + REOPENED_WITHIN / MINUTE - 1
    days.see(back, signal(Kind.NEW_FAULT, "price", fault="x"))  # another kind is another thing
    days.see(back, share._replace(critical=True))
    assert days.edges == [
        "1 opened failure_share",
        "1 resolved failure_share",
        "2 opened new_fault",
        "2 escalated failure_share",
    ]
    alone = Days()
    alone.see(0, share)
    alone.see(calm)
    alone.see(back, share)
    assert alone.edges == ["1 opened failure_share", "1 resolved failure_share", "1 reopened failure_share"]
    assert (alone.open[0].state, alone.open[0].resolved_at) == (State.OPEN, None)
    assert alone.open[0].opened_at == DAY0
    assert alone.open[0].facts.since == DAY0 + back * MINUTE
    alone.see(back + calm)
    alone.see(back + calm + REOPENED_WITHIN / MINUTE, share)
    assert alone.edges[-1] == "2 opened failure_share"


@pytest.mark.parametrize("affiliate", ["MLB", None])
@pytest.mark.parametrize("back", [True, False])
def test_a_silence_that_is_watched_no_longer_is_not_over(affiliate: str | None, *, back: bool) -> None:
    """An affiliate that was left long before is no part of it, nor one that does not fall silent."""
    days, last = Days(), DAY0 - HOUR
    found = signal(Kind.SILENCE, "price", "orders", affiliate=affiliate)
    silent = found._replace(facts=IncidentFacts(since=last))
    others = [Pair("price", "GONE", None, DAY0 - 90 * DAY, {}), Pair("tracking", "MLB", None, last, {})]
    end = DAY0 + LONGEST_SILENCE - HOUR
    for hours in range(int((LONGEST_SILENCE + HOUR) / HOUR)):
        figures = at(60 * hours)
        came = figures.now if back and figures.now >= end - DAY else last
        mine = [
            Pair(type_, "MLB", None, each, {}) for type_, each in (("price", came), ("orders", came - MINUTE * back))
        ]
        going_on = figures.now < (end - DAY if back else end)
        days.take(figures._replace(pairs=[*others, *mine]), [silent] if going_on else [])
    assert [each.edge for each in days.told] == [Edge.OPENED, Edge.RESOLVED]
    assert days.incidents[1].facts.unwatched == (None if back else "silence")


def test_a_weak_signal_keeps_an_incident_open_and_opens_none(days: Days) -> None:
    weak = signal(Kind.FAILURE_SHARE, "price", opens=False)
    days.see(0, weak)
    assert days.told == []
    days.see(1, weak._replace(opens=True))
    for minutes in range(6, 60, 5):
        days.see(
            minutes, weak, signal(Kind.NEW_FAULT, "price", fault="x", opens=False), weak._replace(types=("orders",))
        )
    assert days.edges == ["1 opened failure_share"]
    assert (days.open[0].facts.faults, days.open[0].facts.integration_types) == ([], ["price"])


def test_nothing_is_over_while_data_is_not_complete(days: Days) -> None:
    days.see(0, signal(Kind.FAILURE_SHARE, "price"))
    days.take(known_until(DAY0 + MINUTE, now=DAY0 + HOUR), [])
    days.take(Figures(DAY0 + HOUR, {}, {}), [])
    assert len(days.open) == 1
    days.take(known_until(DAY0 + HOUR), [])
    assert days.open == []


def test_the_same_signals_again_change_nothing(days: Days) -> None:
    found = [signal(Kind.FAILURE_SHARE, "price"), signal(Kind.SILENCE, "orders", affiliate="AMZ")]
    days.see(0, *found)
    assert days.take(at(0), found) == []
    assert len(days.take(at(1.5), found)) == 2  # the figures of now, without an edge
    assert len(days.told) == 2


def test_a_reprocess_that_stopped_is_an_incident_of_its_own_until_somebody_goes_on(days: Days) -> None:
    days.see(0, signal(Kind.FAILURE_SHARE, "price"))
    stop = Stopped("price", "MLB", "c1", DAY0)
    for minutes in range(0, 60, 5):
        days.take(figures := at(minutes)._replace(stopped=[stop]), signals(figures))
    assert days.edges[:2] == ["1 opened failure_share", "2 opened reprocess_stopped"]
    assert (days.incidents[2].subject, days.incidents[2].facts.command_id) == ("c1", "c1")
    days.see(80)
    assert days.open == []
    assert [each.facts.unwatched for each in days.incidents.values()] == [None, "reprocess_stopped"]
    late = at(24 * 60)._replace(stopped=[stop])
    assert signals(late) == []
