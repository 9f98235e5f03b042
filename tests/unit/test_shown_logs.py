"""Logs of a page, written in one pass: every byte is the one that the model's own writer gives."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from api.logs import PageOfLogs
from schemas.raw_json import dump
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.shown.log import Action, ReprocessStep, StatusLog, written

TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
ACTIONS = st.sampled_from([
    [Action(allowed=True)],
    [Action(allowed=False, verdict="not_permitted", reason=Reason(ReasonCode.READ_ONLY_KEY))],
    [Action(allowed=False, verdict="not_reprocessable", reason=Reason(ReasonCode.BEING_REPROCESSED), link="/a?b=é")],
    [],
])  # fmt: skip
STEPS = st.builds(ReprocessStep, state=TEXTS, item_id=TEXTS, command_id=TEXTS, at=TIMES)
OF_A_KIND: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    int: st.integers(0, 2**31),
    datetime: TIMES,
    str | None: st.none() | TEXTS,
    datetime | None: st.none() | TIMES,
    ReprocessStep | None: st.none() | STEPS,
    list[Action]: ACTIONS,
}
FIELDS = st.fixed_dictionaries({name: OF_A_KIND[each.annotation] for name, each in StatusLog.model_fields.items()})


@given(st.lists(FIELDS, max_size=4), st.none() | TEXTS, st.lists(TEXTS, max_size=2))
def test_a_page_is_written_as_its_model_is(rows: list[dict[str, Any]], token: str | None, missing: list[str]) -> None:
    logs = [StatusLog.as_stored({name: each[name] for name in StatusLog.model_fields}) for each in rows]
    checked = [StatusLog.model_validate(each) for each in rows]
    assert logs == checked
    assert [each.model_fields_set for each in logs] == [each.model_fields_set for each in checked]
    page = PageOfLogs(items=logs, next_page_token=token, not_found=missing)
    assert dump(vars(page) | {"items": written(page.items)}) == page.model_dump_json().encode()
    same = PageOfLogs(items=checked, next_page_token=token, not_found=missing)
    assert page.model_dump_json() == same.model_dump_json()
