"""The small pure parts: histogram, plan, advice, stamps, what a stream says, files."""

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.pages import advice, assets
from admin.pages.actions import can_reprocess, stamp
from admin.pages.histogram import HEIGHT, WIDTH, draw
from admin.pages.plan import table_of
from admin.pages.row_versions import as_text, changes, digest, versions
from admin.pages.site import TEMPLATES
from api.plan import Plan, count_verdicts
from schemas.catalogue import BY_NAME
from schemas.item_state import OPEN_ITEM_STATES, ItemState
from schemas.policy import Policy
from schemas.raw_json import RawJson
from schemas.shown.log import Action, ReprocessStep, StatusLog
from storage.reprocess.selection import Group

T0 = datetime(2026, 11, 24, tzinfo=UTC)
#: Limit of scripts, styles and the font, compressed: what a first visit loads beside its page.
MOST_BYTES = 57_000
#: Comments of a style sheet, and its texts, in which a comment may seem to begin.
_NO_RULES = re.compile(r"""/\*.*?\*/|"[^"]*"|'[^']*'""", re.DOTALL)


class Span(NamedTuple):
    from_: datetime
    to: datetime
    by_status: dict[str, int]


def spans(*counts: dict[str, int]) -> list[Span]:
    return [Span(T0 + timedelta(hours=n), T0 + timedelta(hours=n + 1), each) for n, each in enumerate(counts)]


def log(number: int = 1, **changed: Any) -> StatusLog:
    fields: dict[str, Any] = {
        "id": f"id-{number}",
        "integration_type": "price",
        "account": "acme",
        "affiliate": "MLB",
        "key": f"SKU-{number}",
        "status": "error",
        "processed_at": T0,
        "message": None,
        "code": None,
        "category": None,
        "fingerprint": None,
        "errors": 0,
        "conflicts": 0,
        "attempts": 1,
        "first_seen_at": T0,
        "updated_at": T0,
        "reprocess": None,
        "next_try_at": None,
        "actions": [Action(allowed=True)],
        **changed,
    }
    return StatusLog(**fields)


_COUNTS = st.fixed_dictionaries({"success": st.integers(0, 10**7), "error": st.integers(0, 100)})


@given(st.lists(_COUNTS, min_size=1, max_size=40))
def test_columns_stay_in_their_box_and_show_every_failure(counts: list[dict[str, int]]) -> None:
    chart = draw(spans(*counts))
    assert (chart is None) == (not any(sum(each.values()) for each in counts))
    if chart is None:
        return
    for column, each in zip(chart.columns, counts, strict=True):
        assert column.total == sum(each.values())
        assert {bar.status for bar in column.bars} == {status for status, count in each.items() if count}
        for bar in column.bars:
            assert 0 <= bar.x <= WIDTH
            assert bar.y >= 0
            assert bar.y + bar.height <= HEIGHT + 0.02
        for lower, upper in pairwise(column.bars):
            assert upper.y + upper.height == pytest.approx(lower.y, abs=0.02)


def test_errors_stand_on_the_base_line() -> None:
    chart = draw(spans({"success": 5, "warning": 1, "error": 2}))
    assert chart is not None
    assert [bar.status for bar in chart.columns[0].bars] == ["error", "warning", "success"]


def test_a_plan_says_what_is_sent_first_and_sums_up() -> None:
    succeeded = Group("MLB", "success", in_flight=False, changed=False, logs=2, sample=[])
    failed = succeeded._replace(status="error")
    counted = count_verdicts("price", [succeeded, failed], policy=Policy(), paused=(), missing=1)
    found = table_of(Plan(5, **{**counted._asdict(), "samples": {}}))
    assert [(each.state, each.entities) for each in found.verdicts] == [
        ("queued", 2),
        ("already_succeeded", 2),
        ("not_found", 1),
    ]
    assert (found.sent, found.total) == (2, 5)
    nothing = count_verdicts("price", [], policy=Policy(), paused=())
    assert table_of(Plan(0, **{**nothing._asdict(), "samples": {}})).sent == 0


@pytest.mark.parametrize(
    ("error", "reprocessable", "said"),
    [
        ({"code": "x", "field": "price"}, True, advice.FIELD),
        ({"code": "x", "severity": "warning"}, True, advice.BESIDE),
        ({"code": "x", "severity": "Aviso"}, False, advice.BESIDE),
        ({"code": "x"}, True, advice.READ),
        ({"code": "x"}, False, advice.GUIDE),
        ({"code": "x", "field": "price"}, False, advice.FIELD_AND_GUIDE),
        ("only a text", True, advice.READ),
        ({"code": 5, "message": None, "field": ["a"]}, True, advice.FIELD),
    ],
)
def test_what_to_do_depends_on_who_must_act(error: Any, *, reprocessable: bool, said: str) -> None:
    assert advice.shown(RawJson(json.dumps(error)), reprocessable=reprocessable, warning=False).advice == said


def test_an_error_of_a_warning_asks_for_nothing() -> None:
    error = RawJson('{"code": "x", "severity": "warning"}')
    assert advice.shown(error, reprocessable=True, warning=True).advice == advice.WAIT


def test_a_stamp_changes_with_its_row_only() -> None:
    queued = ReprocessStep(state="queued", item_id="i", command_id="c", at=T0)
    assert stamp(log()) == stamp(log())
    assert len({stamp(log()), stamp(log(reprocess=queued)), stamp(log(updated_at=T0 + timedelta(microseconds=1)))}) == 3


def test_a_stream_says_what_is_new_and_what_changed() -> None:
    before = versions([log(1), log(2), log(3)])
    assert changes(before, versions([log(1), log(2), log(3)])) is None
    later = T0 + timedelta(seconds=1)
    assert changes(before, versions([log(4), log(1), log(2, updated_at=later)])) == {"new": 1, "changed": 1}
    assert changes(before, versions([log(1), log(2)])) == {"new": 0, "changed": 0}  # one has left
    # Older ones move up in its place, whenever they were changed; so they do where all have left.
    assert changes(before, versions([log(1), log(2), log(4, updated_at=later)])) == {"new": 0, "changed": 0}
    assert changes(before, versions([log(5, updated_at=later), log(2), log(4)])) == {"new": 1, "changed": 0}
    assert changes(before, versions([log(4), log(5)])) == {"new": 0, "changed": 0}
    assert changes(before, versions([log(4, updated_at=later), log(5)])) == {"new": 1, "changed": 0}
    assert changes({}, versions([log(4), log(5)])) == {"new": 2, "changed": 0}
    # In another order than the usual one, what is new may come at the end, and what changed move within the page.
    assert changes(before, versions([log(1), log(2), log(3), log(4, updated_at=later)])) == {"new": 0, "changed": 0}
    assert changes(before, versions([log(2), log(1), log(3)])) == {"new": 0, "changed": 0}
    assert digest([log(1), log(2)]) == digest([log(1), log(2)])
    assert len({digest(each) for each in ([log(1)], [log(1), log(2)], [log(1, updated_at=later)], [])}) == 4


def test_a_row_of_a_page_has_its_version() -> None:
    queued = ReprocessStep(state="queued", item_id="i", command_id="c", at=T0)
    texts = [as_text(each) for each in (log(), log(reprocess=queued), log(updated_at=T0 + timedelta(microseconds=1)))]
    assert texts == sorted(set(texts))
    assert texts[0] == as_text(log())


def test_a_type_offers_reprocessing_where_the_policy_does_anywhere() -> None:
    assert not can_reprocess(Policy(), BY_NAME["orders"])
    assert can_reprocess(Policy.model_validate({"orders": {"MLB": {"reprocessable": True}}}), BY_NAME["orders"])
    assert can_reprocess(Policy(), BY_NAME["price"])


def test_a_file_has_its_content_in_its_address_and_licences_stay_here() -> None:
    found = assets.load()
    assert {"pages.css", "pages.js", "icon.svg"} <= set(found)
    assert all(each.url.startswith("/static/") for each in found.values())
    assert not [name for name in found if "LICENSE" in name]
    vendored = [each for each in (assets.STATIC / "vendor").iterdir() if each.suffix != ".LICENSE"]
    assert {each.suffix for each in vendored} == {".js", ".woff2"}
    for path in vendored:
        name = re.split(r"-\d", path.name)[0]
        assert (path.parent / f"{name}.LICENSE").exists()


def test_what_every_page_loads_is_light() -> None:
    """Bytes as they are sent by the first visit. All of them have addresses by which browsers keep them for ever."""
    found = assets.load()
    base = (TEMPLATES / "base.html").read_text("utf-8")
    loaded = [found[name] for name in re.findall(r"asset\('([^']+)'\)", base)]
    assert {each.media_type.partition(";")[0] for each in loaded} == {
        "font/woff2", "image/svg+xml", "text/css", "text/javascript",
    }  # fmt: skip
    assert all("immutable" in each.headers()["Cache-Control"] for each in loaded)
    weight = {each.url: len(each.compressed or each.body) for each in loaded}
    assert sum(weight.values()) <= MOST_BYTES, weight


def test_what_is_sent_of_our_files_says_the_same_with_less() -> None:
    found = assets.load()
    scripts, sheets = (sorted(assets.STATIC.glob(f"*.{kind}")) for kind in ("js", "css"))
    assert scripts
    assert sheets
    for path in scripts:
        ours = path.read_text("utf-8")
        said = [line.lstrip() for line in ours.splitlines() if not line.lstrip().startswith("//")]
        assert found[path.name].body.decode().splitlines() == said
        # What is within a text of several lines would be taken for a comment or an indent.
        assert all(line.count("`") % 2 == 0 for line in ours.splitlines()), path.name
    for path in sheets:
        sent = found[path.name].body.decode()
        assert "/*" not in sent
        rules = [_NO_RULES.sub("", each).count("{") for each in (sent, path.read_text("utf-8"))]
        assert rules[0] == rules[1] > 0, path.name


def test_a_style_sheet_names_other_files_by_their_address() -> None:
    found = assets.load()
    named = re.findall(r'url\("([^"]+)"\)', found["tokens.css"].body.decode())
    assert set(named) == {each.url for name, each in found.items() if name.endswith(".woff2")}
    assert {each.media_type for name, each in found.items() if name.endswith(".woff2")} == {"font/woff2"}


def test_a_character_has_one_font_file() -> None:
    """The last one of several that have it in their range is loaded, which is the largest."""
    faces = re.findall(r"unicode-range: ([^;]+);", (assets.STATIC / "tokens.css").read_text("utf-8"))
    assert len(faces) == 3
    ranges = sorted(
        (int(first, 16), int(last or first, 16))
        for each in faces
        for first, last in re.findall(r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?", each)
    )
    assert all(lower[1] < upper[0] for lower, upper in pairwise(ranges))


@pytest.mark.parametrize("state", ItemState)
@pytest.mark.parametrize(("newer", "past"), [(timedelta(0), False), (timedelta(microseconds=1), True)])
def test_an_outcome_of_an_earlier_result_is_past_and_what_is_under_way_never_is(
    state: ItemState, newer: timedelta, *, past: bool
) -> None:
    step = ReprocessStep(state=state, item_id="i", command_id="c", at=T0)
    assert log(reprocess=step, updated_at=T0 + newer).reprocess_is_past == (past and state not in OPEN_ITEM_STATES)
    assert not log().reprocess_is_past
