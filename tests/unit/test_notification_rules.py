"""Moments at which an edge is told: rules, hours across midnight and DST, digests, maintenance windows, tries."""

import itertools
import random
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from schemas.catalogue import CATALOGUE
from schemas.incident import Edge, Kind
from schemas.notification.heard import Heard, news
from schemas.notification.message import message_id
from schemas.notification.rule import SEVERITIES, About, Due, Hours, Rule, Scope, Window, digest_after, due
from schemas.notification.tries import PAUSES, pause_after

BRAZIL = ZoneInfo("America/Sao_Paulo")  # no change of the clock since 2019
MADRID = ZoneInfo("Europe/Madrid")  # 02:00 → 03:00 on 2026-03-29, 03:00 → 02:00 on 2026-10-25
PRICE = About("MLB", frozenset({"price"}), frozenset({"new_fault"}), "warning")
TYPES = [each.name for each in CATALOGUE]


def at(text: str, zone: ZoneInfo = BRAZIL, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def hours(begin: str, end: str, *days: int) -> Hours:
    return Hours(begin=time.fromisoformat(begin), end=time.fromisoformat(end), days=frozenset(days or range(1, 8)))


@pytest.mark.parametrize(
    ("rule", "tells"),
    [
        ({}, True),
        ({"enabled": False}, False),
        ({"affiliates": ["MLB", "AMZ"]}, True),
        ({"affiliates": ["mlb"]}, False),
        ({"integration_types": ["price"]}, True),
        ({"integration_types": ["orders"]}, False),
        ({"kinds": ["silence"]}, False),
        ({"kinds": ["silence", "new_fault"]}, True),
        ({"severity": "critical"}, False),
    ],
)
def test_a_rule_tells_what_all_of_its_limits_let_through(rule: dict[str, object], *, tells: bool) -> None:
    made = Rule.model_validate({"name": "n", **rule})
    assert made.tells(PRICE) is tells


def test_severities_of_a_rule_and_more_are_told() -> None:
    for least, severity in itertools.product(SEVERITIES, SEVERITIES):
        told = Rule(name="n", severity=least).tells(PRICE._replace(severity=severity))
        assert told is (SEVERITIES.index(severity) >= SEVERITIES.index(least))


def test_what_is_of_no_affiliate_or_type_is_in_no_rule_that_names_some() -> None:
    none = About(None, frozenset(), frozenset({"silence"}), "warning")
    for scope, inside in (
        (Scope(), True),
        (Scope(affiliates=("MLB",)), False),
        (Scope(integration_types=("price",)), False),
    ):
        assert (scope.touches(none), scope.covers(none)) == (inside, inside)


def test_a_rule_that_names_a_type_or_kind_of_an_incident_tells_it_and_a_window_must_name_all_of_its_types() -> None:
    parts = [part for size in range(1, len(TYPES) + 1) for part in itertools.combinations(TYPES, size)]
    for named, types in itertools.product(parts, parts):
        about = PRICE._replace(integration_types=frozenset(types))
        window = Window(NOW, NOW + timedelta(hours=1), Scope(integration_types=named))
        assert Rule(name="n", integration_types=named).tells(about) is bool(set(named) & set(types))
        assert window.has(NOW, about) is (set(types) <= set(named))
    for named_kind, kinds in itertools.product(Kind, itertools.combinations(Kind, 2)):
        told = Rule(name="n", kinds=frozenset({named_kind})).tells(PRICE._replace(kinds=frozenset(kinds)))
        assert told is (named_kind in kinds)


def test_in_whatever_story_a_reader_is_told_one_beginning_before_each_end_and_each_kind_that_it_names_once() -> None:
    """Stories of three edges, some of which the rule lets through."""
    kinds = ["new_fault", "breaker_opened", "failure_share"]
    rules = [Rule(name="n"), Rule(name="n", severity="critical"), Rule(name="n", kinds=frozenset(map(Kind, kinds)))]
    steps = list(itertools.product((Edge.ESCALATED, Edge.JOINED, None), SEVERITIES, (1, 2, 3)))
    begun = {Edge.OPENED, Edge.REOPENED, Edge.ESCALATED, Edge.JOINED}
    for rule, *story in itertools.product(rules, steps, steps, steps):
        heard: list[Heard] = []
        before = Edge.RESOLVED
        for step, severity, many in story:
            beginning = Edge.OPENED if not heard and before is Edge.RESOLVED else Edge.REOPENED
            edge = beginning if before is Edge.RESOLVED else step or Edge.RESOLVED
            before = edge
            about = PRICE._replace(kinds=frozenset(kinds[:many]), severity=severity)
            told = news(rule, edge, about, heard, replaces=False)
            if told is not None:
                heard.append(Heard(told, about.kinds))
        told_edges = [each.edge for each in heard]
        ends = [place for place, edge in enumerate(told_edges) if edge is Edge.RESOLVED]
        assert all(place and told_edges[place - 1] in begun for place in ends)
        for place, each in enumerate(heard):
            if each.edge is Edge.JOINED:  # of what is known already, each kind that the rule names is news once
                assert rule.kinds
                assert each.kinds > heard[place - 1].kinds


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "n" * 81},
        {"name": "n", "integration_types": ["prices"]},
        {"name": "n", "hours": {"begin": "08:00", "end": "20:00", "days": []}},
        {"name": "n", "hours": {"begin": "08:00", "end": "20:00", "days": [8]}},
        {"name": "n", "hours": {"begin": "08:00Z", "end": "20:00"}},
        {"name": "n", "hours": {"begin": "8", "end": ""}},
        {"name": "n", "colour": "red"},
    ],
)
def test_a_rule_that_can_t_be_meant_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate(wrong)


@pytest.mark.parametrize(
    ("these", "now", "begins"),
    [
        (hours("08:00", "20:00"), "2026-11-24T08:00", None),  # a Tuesday
        (hours("08:00", "20:00"), "2026-11-24T19:59:59", None),
        (hours("08:00", "20:00"), "2026-11-24T20:00", "2026-11-25T08:00"),
        (hours("08:00", "20:00"), "2026-11-24T07:59", "2026-11-24T08:00"),
        (hours("08:00", "20:00", 1, 2, 3, 4, 5), "2026-11-27T20:00", "2026-11-30T08:00"),
        (hours("08:00", "20:00", 6), "2026-11-28T20:00", "2026-12-05T08:00"),
        # past midnight, and of the day on which they begin
        (hours("22:00", "06:00"), "2026-11-24T23:59", None),
        (hours("22:00", "06:00"), "2026-11-24T05:59", None),
        (hours("22:00", "06:00"), "2026-11-24T06:00", "2026-11-24T22:00"),
        (hours("22:00", "06:00", 5), "2026-11-28T05:59", None),
        (hours("22:00", "06:00", 5), "2026-11-27T05:59", "2026-11-27T22:00"),
        (hours("22:00", "06:00", 5), "2026-11-28T22:00", "2026-12-04T22:00"),
        (hours("09:00", "09:00", 2), "2026-11-25T08:59", None),  # a whole day
        (hours("09:00", "09:00", 2), "2026-11-25T09:00", "2026-12-01T09:00"),
    ],
)
def test_messages_wait_for_the_hours_of_their_reader(these: Hours, now: str, begins: str | None) -> None:
    assert these.has(at(now), BRAZIL) is (begins is None)
    assert these.next(at(now), BRAZIL) == at(begins or now)


@pytest.mark.parametrize(
    ("these", "now", "begins"),
    [
        (hours("02:30", "20:00"), "2026-03-29T01:59", "2026-03-29T03:00"),  # 02:30 is left out that day
        (hours("03:00", "20:00"), "2026-03-29T01:59", "2026-03-29T03:00"),
        (hours("02:30", "02:40", 7), "2026-03-29T01:59", "2026-03-29T03:00"),  # their only day has none of them
        (hours("08:00", "20:00"), "2026-10-24T20:00", "2026-10-25T08:00"),
    ],
)
def test_hours_where_the_clock_changes(these: Hours, now: str, begins: str) -> None:
    found = these.next(at(now, MADRID), MADRID)
    assert at(now, MADRID) < found
    if these.days != frozenset({7}):
        assert abs(found - at(begins, MADRID)) <= timedelta(minutes=30)
        assert these.has(found, MADRID)


def test_an_hour_that_comes_twice_is_quiet_twice() -> None:
    these = hours("02:45", "20:00")
    first, second = (at("2026-10-25T02:40", MADRID, fold=fold) for fold in (0, 1))
    assert second - first == timedelta(hours=1)
    for moment in (first, second):
        assert not these.has(moment, MADRID)
        assert these.has(these.next(moment, MADRID), MADRID)


@pytest.mark.parametrize("zone", [BRAZIL, MADRID, ZoneInfo("America/Santiago"), ZoneInfo("Australia/Lord_Howe")])
@pytest.mark.parametrize("clock", ["00:00", "02:30", "08:00", "23:59"])
def test_a_digest_comes_once_on_each_day_of_a_year(zone: ZoneInfo, clock: str) -> None:
    moment, days = at("2026-01-01T12:00", zone), []
    for _ in range(366):
        moment = digest_after(Rule(name="n", digest_at=time.fromisoformat(clock)), moment, zone)
        days.append(moment.astimezone(zone).date())
    assert [(later - day).days for day, later in itertools.pairwise(days)] == [1] * 365


CLOCKS = [time.fromisoformat(each) for each in ("00:00", "02:30", "07:00", "08:00", "19:59", "20:00", "23:30")]


@pytest.mark.parametrize("zone", [BRAZIL, MADRID])
@pytest.mark.parametrize("days", [range(1, 8), (1, 2, 3, 4, 5), (6,)], ids=["daily", "weekdays", "saturdays"])
def test_a_digest_is_in_the_hours_once_on_each_day_that_has_some(zone: ZoneInfo, days: Sequence[int]) -> None:
    for begin, end, clock in itertools.product(CLOCKS, CLOCKS, CLOCKS):
        these = Hours(begin=begin, end=end, days=frozenset(days))
        rule = Rule(name="n", hours=these, digest_at=clock)
        moments = [at("2026-03-20T12:00", zone)]
        while moments[-1] < at("2026-04-10T12:00", zone):  # the clock of Madrid changes between them
            moments.append(digest_after(rule, moments[-1], zone))
        sent = moments[1:]
        assert all(these.has(each, zone) for each in sent)
        found = [each.astimezone(zone).date() for each in sent]
        assert len(set(found)) == len(found)
        assert max(later - before for before, later in itertools.pairwise(found)).days <= max(8 - len(days), 1)
        if these.has_clock(clock):
            clocks = {each.astimezone(zone).time() for each in sent}
            assert clocks - {time(3, 30)} <= {clock}  # there is no 02:30 on the day of the change


NOW = at("2026-11-24T23:00")
WINDOW = Window(NOW - timedelta(hours=1), NOW + timedelta(hours=2), Scope(affiliates=("MLB",)))
NEXT = Window(NOW + timedelta(hours=2), NOW + timedelta(hours=3), Scope())
MORNING = Window(at("2026-11-25T07:00"), at("2026-11-25T09:00"), Scope())
DAY = hours("08:00", "20:00")


@pytest.mark.parametrize(
    ("rule", "windows", "severity", "expected"),
    [
        ({}, [], "warning", Due(NOW)),
        ({"hours": DAY}, [], "warning", Due(at("2026-11-25T08:00"))),
        ({"hours": DAY}, [], "critical", Due(NOW)),
        ({"hours": DAY, "critical_at_once": False}, [], "critical", Due(at("2026-11-25T08:00"))),
        ({"digest_at": time(8)}, [], "warning", Due(at("2026-11-25T08:00"), digest=True)),
        ({"digest_at": time(8)}, [], "critical", Due(NOW)),
        (
            {"digest_at": time(8), "hours": hours("08:00", "20:00", 5)},
            [],
            "warning",
            Due(at("2026-11-27T08:00"), digest=True),
        ),
        ({"digest_at": time(7), "hours": DAY}, [], "warning", Due(at("2026-11-25T08:00"), digest=True)),
        ({}, [WINDOW], "critical", Due(WINDOW.end, maintenance=True)),
        ({}, [NEXT, WINDOW], "warning", Due(NEXT.end, maintenance=True)),
        ({}, [NEXT], "warning", Due(NOW)),
        ({"hours": DAY}, [WINDOW], "warning", Due(at("2026-11-25T08:00"), maintenance=True)),
        ({"hours": DAY}, [MORNING], "warning", Due(MORNING.end, maintenance=True)),
        ({"digest_at": time(8)}, [MORNING], "warning", Due(at("2026-11-26T08:00"), digest=True, maintenance=True)),
        ({"digest_at": time(8)}, [MORNING], "critical", Due(NOW)),
    ],
)
def test_when_an_edge_is_told(rule: dict[str, object], windows: list[Window], severity: str, expected: Due) -> None:
    made = Rule.model_validate({"name": "n", **rule})
    assert due(made, windows, BRAZIL, NOW, PRICE._replace(severity=severity)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_due_within_a_window_nor_out_of_its_hours(seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(200):
        begins = [NOW + timedelta(minutes=draw.randrange(-600, 4000)) for _ in range(draw.randrange(6))]
        scopes = (Scope(), Scope(integration_types=("price", "orders")), Scope(affiliates=("AMZ",)))
        windows = [
            Window(each, each + timedelta(minutes=draw.randrange(1, 1500)), draw.choice(scopes)) for each in begins
        ]
        day = draw.choice((None, Hours(begin=draw.choice(CLOCKS), end=draw.choice(CLOCKS))))
        rule = Rule(name="n", hours=day, digest_at=draw.choice((None, *CLOCKS)))
        about = PRICE._replace(severity=draw.choice(SEVERITIES))
        found = due(rule, windows, BRAZIL, NOW, about)
        assert found.at >= NOW
        assert not any(each.has(found.at, about) for each in windows)
        assert found.digest is (rule.digest_at is not None and about.severity != "critical")
        assert about.severity == "critical" or day is None or day.has(found.at, BRAZIL)
        assert not found.digest or found.at.astimezone(BRAZIL).time() == rule.digest_clock
        if any(each.has(NOW, about) for each in windows):
            assert found.maintenance


def test_a_window_is_of_its_part_of_the_account_and_ends_when_it_ends() -> None:
    assert due(Rule(name="n"), [WINDOW], BRAZIL, NOW, PRICE._replace(affiliate="AMZ")) == Due(NOW)
    assert not WINDOW.has(WINDOW.end, PRICE)
    assert WINDOW.has(WINDOW.begin, PRICE)


def test_pauses_grow_to_a_ceiling() -> None:
    pauses = [pause_after(tries).total_seconds() for tries in range(1, len(PAUSES) + 3)]
    assert pauses == [*PAUSES, PAUSES[-1], PAUSES[-1]]


def test_an_id_is_made_of_what_a_message_is_about() -> None:
    assert message_id(1, "a") == message_id(1, "a")
    assert len({message_id(1, "a"), message_id("1a"), message_id(1, "b"), message_id(11)}) == 4
