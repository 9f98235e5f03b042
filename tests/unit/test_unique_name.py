"""Names of files and consumer groups that are made of somebody's texts."""

import itertools
import re

from connectors.unique_name import unique_name

#: Texts that are easily taken for each other, and long ones.
TEXTS = [
    "/mlb/1",
    "/mlb-1",
    "mlb-1",
    "/mlb_1",
    "/MLB/1",
    "/mlb.1",
    "é",
    "e",
    "商" * 64,
    "商" * 63,
    "a" * 200,
    "a" * 199,
]


def test_other_texts_have_another_name_and_the_same_ones_the_same() -> None:
    given = [*((text,) for text in TEXTS), *itertools.product(TEXTS, repeat=2), ("a-b", "c"), ("a", "b-c")]
    names = [unique_name("webhook", *texts) for texts in given]
    assert len({name.casefold() for name in names}) == len(given)
    assert names == [unique_name("webhook", *texts) for texts in given]


def test_a_name_may_be_that_of_a_file_and_of_a_group_and_is_readable() -> None:
    for texts in itertools.product(TEXTS, repeat=3):
        assert re.fullmatch(r"[A-Za-z0-9.-]{1,200}", unique_name("vtex-logs", *texts))
    assert unique_name("vtex-logs", "acme", "MLB", "/connectors/mlb").startswith("vtex-logs-acme-MLB-connectors-mlb-")
