"""Seeded days and years at the level of counters: each thing that goes wrong is one incident, and nothing else is."""

import random
from datetime import timedelta

import pytest

from schemas.catalogue import CATALOGUE
from schemas.incident import Edge, Kind
from tests.support.seeded_days import (
    DAY,
    DAY0,
    HOUR,
    MINUTE,
    STEP,
    WEEK,
    Book,
    Flow,
    Store,
    Told,
    Trouble,
    hours_of,
    minutes,
    poisson,
)

#: 50,000 results on a weekday. Of one flow nearly half fails, as usual.
FLOWS = [
    Flow("products", "MGL", 640, share=0.45, vary=0.03),
    *(
        Flow(type_, affiliate, per_hour)
        for affiliate in ("MLB", "AMZ", "SHP")
        for type_, per_hour in (("orders", 60), ("price", 260), ("inventory", 90))
    ),
    Flow("orders", "MGL", 60),
    Flow("tracking", "MGL", 12, share=0.2),
]
ALL_KINDS = [each for each in Kind if each is not Kind.REPROCESS_STOPPED]


def at(hour: float) -> timedelta:
    return timedelta(hours=hour)


def troubles() -> list[Trouble]:
    """Twelve in a day, two of each kind."""
    planned = [
        (Kind.FAILURE_SHARE, "price", "MLB", 8.5),
        (Kind.SILENCE, "price", "SHP", 9.3),
        (Kind.NEW_FAULT, "products", "MGL", 10.0),
        (Kind.BREAKER_OPENED, "inventory", "AMZ", 11.1),
        (Kind.DEAD_LETTERS_RISE, "price", "MLB", 12.2),
        (Kind.GROUP_ESCALATES, "products", "MGL", 13.0),
        (Kind.FAILURE_SHARE, "price", "SHP", 14.4),
        (Kind.NEW_FAULT, "products", "MGL", 16.0),
        (Kind.BREAKER_OPENED, "orders", "MLB", 16.5),
        (Kind.SILENCE, "price", "AMZ", 17.3),
        (Kind.DEAD_LETTERS_RISE, "orders", "SHP", 18.6),
        (Kind.GROUP_ESCALATES, "products", "MGL", 20.0),
    ]
    return [Trouble(*each[:3], DAY0 + at(each[3]), DAY0 + at(each[3] + 0.6)) for each in planned]


def move(store: Store, span: timedelta, going_on: list[Trouble], draw: random.Random) -> None:
    """Let one step of time pass, with what is wrong in it."""
    wrong = {(each.integration_type, each.affiliate, each.kind): each for each in going_on}
    for flow in store.flows:
        if (*flow.name, Kind.SILENCE) in wrong:
            continue
        failures = store.arrive(flow, span, share=0.95 if (*flow.name, Kind.FAILURE_SHARE) in wrong else None)
        trouble = wrong.get((*flow.name, Kind.NEW_FAULT)) or wrong.get((*flow.name, Kind.GROUP_ESCALATES))
        if trouble is not None:
            name = f"new {trouble.start}" if trouble.kind is Kind.NEW_FAULT else f"known {trouble.start.hour}"
            store.fail_with(flow, name, failures)
            continue
        for _ in range(failures):
            # A message of its own now and then, that no rule could make equal to others.
            rare = draw.random() < 0.01
            store.fail_with(flow, f"rare {draw.random()}" if rare else f"usual {draw.randrange(12)}", 1)
    for type_, affiliate, kind in wrong:
        if kind is Kind.DEAD_LETTERS_RISE:
            store.letters.setdefault((type_, affiliate), []).extend([store.now] * poisson(draw, 4 * (span / MINUTE)))
    breakers = {each.integration_type: each for each in going_on if each.kind is Kind.BREAKER_OPENED}
    store.breakers = {(type_, each.affiliate): each.start for type_, each in breakers.items()}
    store.now += span


def with_known_faults(store: Store) -> None:
    """Faults that are as old as the rhythm."""
    for flow in store.flows:
        for name in (*(f"usual {number}" for number in range(12)), "known 13", "known 20"):
            fault = (*flow.name, name)
            store.first_seen[fault] = DAY0 - 5 * WEEK
            store.last_seen[fault] = DAY0 - HOUR
            per_hour = flow.per_hour * flow.share / 12 if name.startswith("usual") else 0.3
            store.faults[fault] = {
                hours_of(DAY0) - hour: poisson(store.draw, per_hour) for hour in range(1, 4 * 7 * 24)
            }


@pytest.mark.parametrize("seed", range(1))
def test_a_day_of_50_000_results_with_12_incidents_of_6_kinds(seed: int) -> None:
    store, book, planned = Store(seed, FLOWS), Book(), troubles()
    with_known_faults(store)
    draw = random.Random(seed + 1000)
    for _now in minutes(DAY0, DAY0 + DAY, MINUTE):
        move(store, MINUTE, [each for each in planned if each.start <= store.now < each.end], draw)
        book.judge(store.figures())
        if not store.now.minute:
            store.learn()
    assert 45_000 < store.results < 55_000
    opened = list(book.opened())
    found = [_found(each, opened) for each in planned]
    assert [(told.kind, told.affiliate) for told in found if told] == [(each.kind, each.affiliate) for each in planned]
    assert [told for told in opened if told not in found] == []
    assert all(told.at - each.start <= 5 * MINUTE for told, each in zip(found, planned, strict=True) if told)
    assert {each.kind for each in planned} == set(ALL_KINDS)
    _each_edge_once(book)
    assert book.open == []


def _found(trouble: Trouble, opened: list[Told]) -> Told | None:
    near = [
        each
        for each in opened
        if each.affiliate == trouble.affiliate and trouble.start <= each.at <= trouble.start + 10 * MINUTE
    ]
    return near[0] if len(near) == 1 else None


def _each_edge_once(book: Book) -> None:
    for number in book.incidents:
        edges = [each.edge for each in book.told if each.number == number]
        assert edges.count(Edge.OPENED) == 1
        assert edges[0] is Edge.OPENED
        assert edges[-1] is Edge.RESOLVED
        assert edges.count(Edge.RESOLVED) == edges.count(Edge.REOPENED) + 1
        # By each graver kind and by becoming critical, and each other kind or type: once.
        assert edges.count(Edge.ESCALATED) <= len(ALL_KINDS) * (edges.count(Edge.REOPENED) + 1)
        assert edges.count(Edge.JOINED) < len(ALL_KINDS) + len(CATALOGUE)


#: Quiet nights, and noise of every sort: days that differ, results that come together, shares that are high anyway,
#: affiliates of which hardly anything comes.
NIGHTS = [
    Flow("orders", "MLB", 60, night=0.02, vary=0.3),
    Flow("price", "MLB", 150, share=0.2, night=0.1, together=4),
    Flow("orders", "AMZ", 6, night=0.0, vary=0.4),
    Flow("inventory", "AMZ", 90, night=0.01, together=15),
    Flow("tracking", "SHP", 0.5, night=0.2),
]


def live(seed: int, days: int) -> tuple[Book, Store]:
    """Let days go by in which nothing is wrong but what always is."""
    store, book, draw = Store(seed, NIGHTS), Book(), random.Random(seed)
    with_known_faults(store)
    for now in minutes(DAY0, DAY0 + days * DAY, STEP):
        for flow in store.flows:
            for _ in range(store.arrive(flow, STEP)):
                rare = draw.random() < 0.02
                store.fail_with(flow, f"rare {draw.random()}" if rare else f"usual {draw.randrange(12)}", 1)
        store.now += STEP
        if draw.random() < 0.002:
            store.letters.setdefault(("orders", "MLB"), []).append(store.now)
        if now.minute % 15 == 0:
            book.judge(store.figures())
        if now.hour == now.minute == 0:
            store.forget()
            if now.weekday() in (0, 5):
                store.learn()
    return book, store


@pytest.mark.parametrize("seed", range(1))
def test_a_year_of_quiet_noisy_nights_has_no_more_than_one_false_incident_a_month(seed: int) -> None:
    book, store = live(seed, 365)
    assert store.results > 500_000
    assert len(list(book.opened())) <= 12
