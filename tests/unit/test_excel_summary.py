"""The sheets of counts and of groups: what reprocessing did, who must act, each fact in a cell of its own."""

from exports.excel.advice import Adviser
from exports.excel.groups import group_rows
from exports.excel.summary import left_rows
from exports.excel.texts import COUNTS
from schemas.columns import GROUP_COLUMNS
from schemas.group import Cure
from schemas.group_state import UNDECIDED
from schemas.playbook import Playbook, WrittenEntries
from storage.exports.reader import Count
from storage.logs.triage import Triage

STATUSES = {"error": "Error"}
COUNTED = [
    Count("status", "error", None, None, None, None, 5, 3, 1),
    Count("affiliate", "MLB", None, None, None, None, 5, 3, 1),
    Count("group", "f1", ["AMZ", "MLB"], "price.min", "too low", None, 3, 2, 1),
    Count("group", "f2", ["MLB"], None, None, None, 2, 1, 0),
]
ENTRIES = WrittenEntries.read("""
[[entry]]
code = "price.min"
who = "seller"
cause = {pt = "c", en = "c", es = "c"}
what_to_do = {pt = "Suba o preço", en = "Raise the price", es = "Suba el precio"}
""")


def test_the_summary_counts_all_then_statuses_and_affiliates() -> None:
    everything, status, affiliate = left_rows("en", STATUSES, COUNTED)
    assert {len(each) for each in (everything, status, affiliate)} == {len(COUNTS)}
    assert everything[2:] == status[2:] == affiliate[2:] == [5, 3, 1, 2]
    assert (status[1], affiliate[1]) == ("Error", "MLB")


def test_a_group_has_its_cure_with_the_interval_the_advice_and_what_people_decided() -> None:
    cures = {"f1": Cure.of({"fixed": 5, "same_error": 5, "busy": 90}), "f2": Cure.of({"healed": 3})}
    adviser = Adviser(Playbook(ENTRIES), "price", "es")
    names = [column.name for column in GROUP_COLUMNS]
    ignored = UNDECIDED.model_copy(update={"state": "ignored"})
    triage = Triage({"f1": ignored}, {"f1": "maria"}, {"f1": ["a", "b"]}, {"f1": "https://tickets.example/1"})
    tried, untried = (dict(zip(names, row, strict=True)) for row in group_rows("es", COUNTED, cures, adviser, triage))
    assert tried == {
        "code": "price.min",
        "message": "too low",
        "affiliates": "AMZ, MLB",
        "logs": 3,
        "last_day": 2,
        "day_before": 1,
        "change": 1,
        "who": "La tienda",
        "what_to_do": "Suba el precio",
        "cure_rate": 0.5,
        "cure_low": 0.2693,
        "cure_high": 0.7307,
        "cure_tried": 10,
        "group_state": "Ignorado",
        "owner": "maria",
        "tags": "a, b",
        "ticket": "https://tickets.example/1",
        "fingerprint": "f1",
    }
    assert [untried[name] for name in ("who", "cure_rate", "cure_tried")] == [None, None, 0]
    assert [untried[name] for name in ("group_state", "owner", "tags", "ticket")] == ["Sin decisión", None, None, None]
