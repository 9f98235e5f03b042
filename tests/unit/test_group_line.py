"""Lines of the table of groups: one error at several affiliates is one, in the order that is asked for."""

import random
from typing import Any, get_args

import pytest

from schemas.group import Cure
from schemas.group_filter import BEHIND, GroupSort
from schemas.group_line import _cure as pooled
from schemas.group_line import lines_of
from schemas.item_state import ItemState


def group(number: int, value: int, *, is_last: bool) -> dict[str, Any]:
    place = value - (BEHIND if is_last else 0)
    return {"fingerprint": f"{number:016x}", "value": value, "is_last": is_last, "place": place}


@pytest.mark.parametrize("sort", get_args(GroupSort))
@pytest.mark.parametrize("seed", range(5))
def test_each_group_is_in_one_line_and_lines_are_in_order(sort: GroupSort, seed: int) -> None:
    draw = random.Random(seed)
    groups = [group(n, draw.randint(-5, 20), is_last=draw.random() < 0.3) for n in range(60)]
    groups.sort(key=lambda each: (-each["place"], each["fingerprint"]))
    error = {each["fingerprint"]: str(draw.randint(0, 20)) for each in groups}
    lines = lines_of(groups, lambda each: error[each["fingerprint"]], sort)
    assert sorted(each["fingerprint"] for line in lines for each in line.groups) == sorted(error)
    for line in lines:
        assert len({(error[each["fingerprint"]], each["is_last"]) for each in line.groups}) == 1
        assert line.name == line.groups[0]["fingerprint"]
        values = [each["value"] for each in line.groups]
        behind = BEHIND if line.groups[0]["is_last"] else 0
        assert line.place == (max(values) if sort == "age" else sum(values)) - behind
    assert len({(error[line.name], line.groups[0]["is_last"]) for line in lines}) == len(lines)
    assert [(-line.place, line.name) for line in lines] == sorted((-line.place, line.name) for line in lines)
    ignored = [line.groups[0]["is_last"] for line in lines]
    assert ignored == sorted(ignored)


def test_cures_of_a_line_are_those_of_all_its_items() -> None:
    draw = random.Random(1)
    counted = [{state.value: draw.randint(0, 9) for state in ItemState} for _ in range(4)]
    whole = {state.value: sum(each[state.value] for each in counted) for state in ItemState}
    assert pooled([Cure.of(each) for each in counted]) == Cure.of(whole)
