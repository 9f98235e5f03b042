"""A view and its address: what goes in comes out."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from admin.pages.times import PERIODS, span_of
from admin.pages.view import View, read_view
from api.problems import ProblemError
from schemas.filter import FIELDS, REPEATABLE, LogFilter
from tests.support.some_logs import EVERY

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
ZONE = ZoneInfo("America/Sao_Paulo")  # 22:30 of the 23rd there


def view(query: str) -> View:
    return read_view(QueryParams(query), NOW, ZONE)


def test_a_plain_address_leaves_nothing_out() -> None:
    assert view("").is_plain
    assert view("").query() == ""
    assert view("q=++&period=&code=&reprocess=+") == view("")


@pytest.mark.parametrize(
    "query",
    [
        "status=error&status=warning",
        "affiliate=A%22%3E%3Cb%3E&affiliate=MLB",
        "q=a%2Fb%26c%2Bd",
        "code=price.minimum&reprocess=in_flight",
        "fingerprint=0123456789abcdef",
        "period=yesterday",
        "period=custom",
        "processed_from=2026-11-23T00%3A00%3A00.000000Z&processed_to=2026-11-24T00%3A00%3A00.000000Z",
        "page_size=100",
    ],
)
def test_an_address_comes_back_as_it_was(query: str) -> None:
    assert view(query).query() == f"?{query}"


OF_ANY_TEXT = {name for name, each in FIELDS.items() if each.shown.control in {"search", "text"}} - {
    "exclude_affiliate"
}


@pytest.mark.parametrize("name", sorted(OF_ANY_TEXT))
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufffd"), min_size=1, max_size=200))
def test_any_text_survives_its_own_link(name: str, text: str) -> None:
    """Spaces stay: a code may begin with one, or consist of them. A search of spaces alone is none."""
    made = View(filter=LogFilter.model_validate({name: [text] if name in REPEATABLE else text}))
    read = view(made.query().removeprefix("?"))
    assert read == made or (name == "q" and not text.strip() and read.is_plain)


def test_a_value_may_be_several_groups() -> None:
    first, second, third = ("1" * 16, "2" * 16, "3" * 16)
    made = view(f"exclude_fingerprint={first}+{second}&exclude_fingerprint={second}&exclude_fingerprint={third}")
    assert made.filter.exclude_fingerprint == (first, second, third)
    assert made.query().count("&exclude_fingerprint=") == 2


@pytest.mark.parametrize(
    "query",
    [
        "status=maybe",
        "processed_from=yesterday",
        "processed_from=2026-11-24T00:00&processed_to=2026-11-23T00:00",
        "page_size=0",
        "page_size=x",
        "page_size=201",
        pytest.param(f"page_size={'9' * 5000}", id="more digits than a number may have"),
        "processed_to=9999-12-31T23:59",
        "processed_from=0001-01-01T00:00%2B01:00",
        "fingerprint=1",
        "reprocess=maybe",
    ],
)
def test_what_can_not_be_meant_is_refused(query: str) -> None:
    with pytest.raises(ProblemError) as refused:
        view(query)
    assert refused.value.status == 422


def test_dates_of_a_field_are_in_the_zone_of_the_page() -> None:
    found = view("period=custom&processed_from=2026-11-23T08:00").filter
    assert found.processed_from == datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


def test_any_time_ends_a_custom_period() -> None:
    dates = "processed_from=2026-11-23T08:00&processed_to=2026-11-23T09:00"
    assert view(dates).period == "custom"
    assert view(f"period=custom&{dates}").filter.processed_from is not None
    assert view(f"period=&{dates}") == view("")


def test_yesterday_is_a_day_of_the_zone() -> None:
    found = view("period=yesterday").filter
    assert found.processed_from == datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
    assert found.processed_to == datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


def test_a_day_with_a_change_of_clocks_has_its_own_length() -> None:
    new_york = ZoneInfo("America/New_York")
    span = span_of("yesterday", datetime(2026, 11, 2, 12, 0, tzinfo=UTC), new_york)
    assert span.start is not None
    assert span.end is not None
    assert (span.end - span.start).total_seconds() == 25 * 3600


@pytest.mark.parametrize("period", PERIODS)
def test_a_second_page_is_of_the_same_list(period: str) -> None:
    """A period moves with the clock; the page after this one must not."""
    first = view(f"period={period}&status=error")
    again = read_view(QueryParams(first.frozen().query(token="t").removeprefix("?")), datetime.now(UTC), ZONE)
    assert again.filter == first.filter
    assert again.page_token == "t"


def test_a_choice_is_taken_and_given_up_by_the_same_link() -> None:
    chosen = view("status=error&period=7d&page_token=t&open=all")
    assert chosen.toggled("status", "warning") == "?status=error&status=warning&period=7d"
    assert chosen.toggled("status", "error") == "?period=7d"
    assert chosen.without("dates") == "?status=error"


@pytest.mark.parametrize("field", LogFilter.model_fields)
def test_every_field_is_in_the_address_is_a_part_and_can_be_taken_away(field: str) -> None:
    made = View(filter=LogFilter.model_validate({field: EVERY[field]}))
    assert not made.is_plain
    assert view(made.query().removeprefix("?")).filter == made.filter
    parts = made.parts()
    assert parts
    whole = View(filter=LogFilter.model_validate(EVERY))
    assert set(parts) <= set(whole.parts())
    for name, value in parts:
        made = view(made.without(name, value).removeprefix("?"))
    assert made.is_plain


def test_a_period_is_one_part() -> None:
    assert view("period=7d&status=error").parts() == [("status", "error"), ("dates", "7d")]


def test_only_ids_are_open() -> None:
    an_id = "5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11"
    assert view(f"open={an_id}&open=<script>").open == (an_id,)
    assert view("open=all").shows("anything")


def test_many_groups_are_told_by_their_number_and_few_one_by_one() -> None:
    few = View(filter=LogFilter(status=("error",), fingerprint=tuple(f"{n:016x}" for n in range(10))))
    assert few.told() == few.parts()
    many = View(filter=LogFilter(status=("error",), exclude_fingerprint=tuple(f"{n:016x}" for n in range(11))))
    assert many.told() == [("status", "error"), ("exclude_fingerprint", 11)]


def test_a_view_says_when_its_groups_make_its_address_too_long_to_lead_to() -> None:
    assert not View(filter=LogFilter(q="; ".join(f"{n:060}" for n in range(200)))).is_long
    assert not View(filter=LogFilter(fingerprint=tuple(f"{n:016x}" for n in range(100)))).is_long
    assert View(filter=LogFilter(fingerprint=tuple(f"{n:016x}" for n in range(200)))).is_long


def test_a_list_is_narrowed_to_one_error_or_rid_of_it_with_all_else_that_it_is_filtered_by() -> None:
    a, b = "a" * 16, "b" * 16
    shown = view(f"status=error&affiliate=MLB&period=7d&q=SKU-1&fingerprint={a}&exclude_fingerprint={b}&page_size=100")
    assert shown.alike(b) == view(f"status=error&affiliate=MLB&period=7d&fingerprint={b}&page_size=100")
    assert shown.unlike(a) == view(
        f"status=error&affiliate=MLB&period=7d&q=SKU-1&exclude_fingerprint={b}&exclude_fingerprint={a}&page_size=100"
    )
    assert shown.unlike(b) == shown
