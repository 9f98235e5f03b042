"""Hidden causes are found, and noise is not shown as one."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.raw_json import load
from schemas.why.act import Act, just_before
from schemas.why.beginning import beginning
from schemas.why.result import Feature, Looked, hours, places, prefixes
from schemas.why.trait import MIN_AFFECTED, MIN_OTHERS, Shares, Trait, common
from tests.support.seeded_causes import BEGAN, CAUSES, live

SEEDS = 10


def test_hidden_causes_are_among_the_first_three_nine_times_of_ten() -> None:
    found = Counter({cause.name: 0 for cause in CAUSES})
    for cause in CAUSES:
        for seed in range(SEEDS):
            found[cause.name] += any(map(cause.is_found, live(f"{cause.name}/{seed}", cause)[:3]))
    assert min(found.values()) >= 0.9 * SEEDS, found
    assert found.total() >= 0.95 * SEEDS * len(CAUSES), found


def test_where_results_fail_by_chance_alone_no_trait_is_shown() -> None:
    shown = [each for seed in range(40) for each in live(f"noise/{seed}", None) if isinstance(each, Trait)]
    assert len(shown) <= 1, shown


@given(
    st.builds(
        lambda a, b, c, d: Shares(min(a, b), max(a, b), min(c, d), max(c, d)),
        *[st.integers(1, 500) for _ in range(4)],
    )
)
def test_the_interval_is_below_the_difference_and_the_chance_is_one(shares: Shares) -> None:
    assert -1 <= shares.low <= shares.points <= 1
    assert 0 <= shares.chance <= 1
    if shares.is_distinct():
        assert shares.affected >= MIN_AFFECTED
        assert shares.others_of >= MIN_OTHERS
        assert shares.lift is None or shares.lift > 1


def _looked(number: int, *features: Feature, affected: bool, read: bool = True) -> Looked:
    return Looked(BEGAN, affected, affected, read, f"E-{number}", frozenset(features))


def test_too_few_say_nothing_and_a_body_that_was_not_read_is_no_lack() -> None:
    gtin, sku = Feature("request", "/gtin", None), Feature("request", "/sku", None)
    few = [_looked(n, sku, affected=True) for n in range(MIN_AFFECTED - 1)]
    others = [_looked(100 + n, sku, gtin, affected=False) for n in range(40)]
    assert common([*few, *others], BEGAN, 3) == []
    unread = [_looked(200 + n, affected=True, read=False) for n in range(30)]
    assert common([*few, *unread, *others], BEGAN, 3) == []
    (trait,) = common([*few, _looked(300, sku, affected=True), *unread, *others], BEGAN, 3)
    assert (trait.feature, trait.is_missing) == (gtin, True)
    assert trait.shares == Shares(MIN_AFFECTED, MIN_AFFECTED, 0, 40)
    # Successes without any request lack nothing either.
    alone = [_looked(400 + n, affected=False) for n in range(40)]
    assert common([*(_looked(n, sku, affected=True) for n in range(30)), *alone], BEGAN, 3) == []


def test_what_cannot_be_told_apart_is_said_together_and_what_only_goes_with_it_is_not() -> None:
    one, two, three = Feature("source", "", "one"), Feature("operation", "", "two"), Feature("mode", "", "refresh")
    # `three` is more frequent where `one` is, failed or not.
    results = [_looked(n, one, two, *[three] * (n % 3 > 0), affected=n % 10 < 8) for n in range(100)]
    results += [_looked(1_000 + n, *[three] * (n % 10 == 0), affected=False) for n in range(100)]
    (trait,) = common(results, BEGAN, 5)
    assert {(trait.feature, False), *trait.also} == {(one, False), (two, False)}


def test_acts_are_shown_by_how_rare_and_how_close_they_are() -> None:
    daily = [Act(f"d{n}", BEGAN - timedelta(hours=n), "reprocess", "requested", None, None) for n in range(1, 24 * 28)]
    rare = Act("rare", BEGAN - timedelta(minutes=40), "affiliate", "resumed", "MLB", None)
    other = Act("other", BEGAN - timedelta(minutes=1), "affiliate", "paused", "AMZ", None)
    later = Act("later", BEGAN + timedelta(minutes=5), "affiliate", "paused", "MLB", None)
    export = Act("export", BEGAN - timedelta(minutes=1), "export", "exported", None, None)
    first, *rest = just_before([*daily, rare, other, later, export], BEGAN, "MLB", "price", 5)
    assert first.id == "rare"
    assert [each.id for each in rest] in ([], ["d1"])
    assert first.chance < 0.01
    assert all(each.strength < first.strength for each in rest)


def test_what_is_done_by_itself_after_the_beginning_is_not_why() -> None:
    def automatic(seconds: int, *, ours: bool) -> list[str]:
        act = Act("a", BEGAN + timedelta(seconds=seconds), "reprocess", "requested", "MLB", "price", ours)
        return [each.id for each in just_before([act], BEGAN, "MLB", "price", 3)]

    assert [automatic(10, ours=ours) for ours in (False, True)] == [["a"], []]
    assert [automatic(-10, ours=ours) for ours in (False, True)] == [["a"], ["a"]]


def test_the_beginning_is_where_the_rate_changes_and_nowhere_else() -> None:
    first = datetime(2026, 11, 1, tzinfo=UTC)
    end, turn = first + timedelta(days=14), first + timedelta(days=9, hours=5)
    all_hours = [first + timedelta(hours=n) for n in range(14 * 24)]
    steady = dict.fromkeys(all_hours, 2)
    assert beginning(steady, first, end) is None
    assert beginning({}, first, end) is None
    risen = {hour: 2 if hour < turn else 9 for hour in all_hours}
    assert beginning(risen, first, end) == turn
    assert beginning({turn: 20}, first, end) == turn


@given(st.text(min_size=1, max_size=40), st.datetimes(timezones=st.just(UTC)))
def test_features_of_keys_and_times(key: str, at: datetime) -> None:
    assert all(key.startswith(each.value or "") and key != each.value for each in prefixes(key))
    parts = [each.value for each in hours(at)]
    assert len(parts) == len(set(parts)) == 24
    assert f"{at.hour:02}-{(at.hour + 1) % 24:02}" in parts


def test_places_of_a_request_have_digits_as_they_came() -> None:
    found = {
        (each.name, each.value) for each in places(load('{"a/b": [19.90, {"c": null}], "long": "' + "x" * 99 + '"}'))
    }
    assert found == {
        ("/a~1b", None),
        ("/a~1b/*", None),
        ("/a~1b/*", "19.90"),
        ("/a~1b/*/c", None),
        ("/a~1b/*/c", "null"),
        ("/long", None),
    }
