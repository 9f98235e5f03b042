"""The vocabulary: a word in every language for every member of every list, and the same one wherever it is read."""

from enum import StrEnum
from typing import Any, Literal, get_args

import pytest
from babel.messages.catalog import Catalog

from api.plan import VERDICTS, WILL_SEND
from cli.documents import catalogues
from exports.excel.texts import SYMBOLS
from schemas.activity import ACTIVITY_KINDS, Act
from schemas.breaker import State
from schemas.catalogue import LANGUAGES, SEVERITY, labels
from schemas.columns import ERROR_COLUMNS, LOG_COLUMNS, MARK
from schemas.error_class import ErrorClass
from schemas.export import ExportState
from schemas.filter import FIELDS, LogFilter, ReprocessState
from schemas.group import Automation, GroupAct
from schemas.group_filter import GroupSort
from schemas.group_state import EndedBy, GroupState
from schemas.incident import Edge, Severity, Unwatched
from schemas.incident import Kind as IncidentKind
from schemas.incident import State as IncidentState
from schemas.item_state import ItemState
from schemas.letter_filter import LETTER_STATES
from schemas.playbook.entry import Who
from schemas.redrive import REDRIVE_ITEM_STATES, LetterAct, RedriveState
from schemas.refusal import DeadLetterCode
from schemas.reprocess import CommandState, Mode
from schemas.rhythm import FreshnessState
from schemas.role import Role
from schemas.shown.command import CommandEnding, ReprocessItem
from schemas.shown.log import TimelineReprocess
from schemas.words import COLUMNS, VOCABULARY, Kind, Word, complete, members, word

MEMBERS: dict[Kind, list[str]] = {
    "status": list(SEVERITY),
    "state": [*members(ItemState), *get_args(ReprocessState), *(each for each in VERDICTS if each != WILL_SEND)],
    "verdict": [*VERDICTS, "not_permitted"],
    "command": [*members(CommandState), *get_args(CommandEnding.model_fields["action"].annotation)],
    "breaker": list(get_args(State)),
    "group": list(get_args(GroupState)),
    "group_end": list(get_args(EndedBy)),
    "group_act": list(get_args(GroupAct)),
    "group_sort": list(get_args(GroupSort)),
    "export": list(get_args(ExportState)),
    "mode": list(get_args(Mode)),
    "step": list(get_args(TimelineReprocess.model_fields["step"].annotation)),
    "role": list(get_args(Role)),
    "code": members(DeadLetterCode),  # type: ignore[dict-item]
    "letter": list(LETTER_STATES),
    "redrive": list(get_args(RedriveState)),
    "redriven": list(REDRIVE_ITEM_STATES),
    "letter_act": list(get_args(LetterAct)),
    "activity": list(ACTIVITY_KINDS),
    "act": list(get_args(Act)),
    "actor": list(get_args(Who)),
    "column": [each.name for each in (*LOG_COLUMNS, *ERROR_COLUMNS, MARK)],
    "error_class": list(members(ErrorClass)),
    "automation": list(get_args(Automation)),
    "incident": list(members(IncidentKind)),
    "incident_state": list(members(IncidentState)),
    "severity": list(members(Severity)),
    "edge": list(members(Edge)),
    "unwatched": list(members(Unwatched)),
    "freshness": list(members(FreshnessState)),
    "item": list(ReprocessItem.model_fields),
    "field": list(LogFilter.model_fields),
}


def test_every_list_is_walked() -> None:
    assert set(MEMBERS) == set(VOCABULARY) == set(get_args(Kind))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", MEMBERS)
def test_every_member_has_a_word_and_a_short_one(kind: Kind, language: Any) -> None:
    for name in MEMBERS[kind]:
        long, short = word(kind, name, language), word(kind, name, language, short=True)
        assert long.strip() == long
        assert long not in {"", name} or long.lower() == long
        assert 0 < len(short) <= len(long)
    assert {word(kind, name, language) for name in MEMBERS[kind]} != set(MEMBERS[kind])


@pytest.mark.parametrize("kind", VOCABULARY)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_members_have_the_same_word(kind: Kind, language: Any) -> None:
    said = [each.long[language] for each in VOCABULARY[kind].values()]
    assert len(set(said)) == len(said)


class _Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


_RED = Word(labels("vermelho", "red", "rojo"), labels("v", "r", "r"))


@pytest.mark.parametrize("of", [_Colour, Literal["red", "blue"]])
def test_a_member_without_words_fails(of: Any) -> None:
    with pytest.raises(ValueError, match=r"missing \['blue'\], unknown \[\]"):
        complete(of, {"red": _RED})


def test_a_word_of_no_member_fails() -> None:
    with pytest.raises(ValueError, match=r"unknown \['green'\]"):
        complete(_Colour, {"red": _RED, "blue": _RED, "green": _RED})


@pytest.mark.parametrize(
    "word_", [_RED._replace(long={"pt": "vermelho", "en": "red"}), _RED._replace(short=labels("v", "r", ""))]
)
def test_a_language_without_its_word_fails(word_: Word) -> None:
    with pytest.raises(ValueError, match="red has none in es"):
        complete(_Colour, {"red": word_, "blue": _RED})


def test_a_filter_is_called_as_its_column() -> None:
    same = {"status": "status", "affiliate": "affiliate", "code": "code", "reprocess": "reprocess_state"}
    for name, column in same.items():
        assert FIELDS[name].shown.label == COLUMNS[column].long


def test_every_status_has_its_symbol() -> None:
    assert set(SYMBOLS) == set(SEVERITY)


def test_a_sentence_of_the_pages_that_repeats_a_word_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    assert catalogues.faults() == []
    template = Catalog()
    template.add("Sending suspended automatically")
    template.add(("First seen", "Seen"))
    monkeypatch.setattr(catalogues, "_extract", lambda: template)
    assert [each.split(":")[0] for each in catalogues.faults()] == ["admin", "admin"]
