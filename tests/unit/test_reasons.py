"""Reasons: every code is met by some input, and says the same in each language; what is stored is never a sentence."""

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from schemas.catalogue import LANGUAGES
from schemas.dead_letter import DeadLetter
from schemas.export import ExportOrder, ExportRequest
from schemas.filter import REPEATABLE, LogFilter
from schemas.item_state import ItemState
from schemas.json_document import load
from schemas.reasons import say as saying
from schemas.reasons.code import ReasonCode as Code
from schemas.reasons.error import kind_of, reasons_of
from schemas.reasons.reason import MAX_TEXT_CHARACTERS, Reason, from_document, own_words
from schemas.reasons.say import TEMPLATES, complete, places, say
from schemas.refusal import DeadLetterCode, Refusal
from schemas.reprocess import ReprocessRequest
from schemas.words import members
from tests.support.reasons import MADE, of_command, of_data, part

#: Codes without words of ours, so that their sentences are the same in every language.
_WORDLESS = {Code.OWN_WORDS, Code.PART_OTHER}


def test_every_code_has_an_input() -> None:
    assert set(MADE) == set(Code) == set(TEMPLATES)


@pytest.mark.parametrize("code", MADE)
def test_an_input_gives_its_code_and_all_that_its_sentence_needs(code: Code) -> None:
    reason = MADE[code]()
    assert reason.code == code
    assert {name for name, _spec in places(TEMPLATES[code]["en"])} <= set(reason.parameters)
    said = [say(reason, language) for language in LANGUAGES]
    assert all(said)
    assert not any(f"{{{name}" in sentence for name in reason.parameters for sentence in said)
    assert not any(sentence.startswith(f"{code} (") for sentence in said)
    assert (len(set(said)) == 1) == (code in _WORDLESS), said


@pytest.mark.parametrize("code", MADE)
def test_it_is_kept_as_json_without_its_sentence(code: Code) -> None:
    reason = MADE[code]()
    kept = reason.to_json()
    assert set(json.loads(kept)) == {"code", "parameters"}
    assert Reason.from_json(kept) == reason
    assert hash(Reason.from_json(kept)) == hash(reason)
    if code not in _WORDLESS:
        assert all(say(reason, language) not in kept for language in LANGUAGES)


@pytest.mark.parametrize("code_point", [0, 0xD800, 0xDBFF, 0xDC00, 0xDFFF])
def test_what_postgresql_can_t_hold_is_kept_as_u_fffd_as_in_a_json_document(code_point: int) -> None:
    bad = chr(code_point)
    reason = Reason("of_tomorrow", text=f"a{bad}b", all=(f"{bad}c", Reason("then", of=f"é{bad}")))
    kept = json.loads(reason.to_json())["parameters"]
    assert kept == {"text": "a\ufffdb", "all": ["\ufffdc", {"code": "then", "parameters": {"of": "é\ufffd"}}]}
    assert load(json.dumps(f"a{bad}b").encode()).value == kept["text"]
    refusal = Refusal(DeadLetterCode.SCHEMA, own_words(f"a{bad}b"))
    letter = DeadLetter("acme", refusal, "t", 0, 0, 0, None, (), b"")
    assert "a\ufffdb".encode() in dict(letter.header_items()).values()


def test_every_state_that_a_step_can_end_in_is_told() -> None:
    for state in ("same_error", "different_error", "silent", "failed", "cancelled", "busy", "healed"):
        assert ItemState(state)
        assert part(state).code != Code.PART_OTHER


def test_a_sentence_of_a_step_is_said_in_each_language() -> None:
    reason = MADE[Code.STEP_STOPPED]()
    assert [say(reason, language) for language in LANGUAGES] == [
        "Parou após a etapa 1: 0 de 2 corrigidos (0%), menos de 80%; 2 com o mesmo erro de novo (price.min); "
        "2 sem resposta.",
        "Stopped after step 1: 0 of 2 fixed (0%), less than 80%; 2 came back with the same error (price.min); "
        "2 silent.",
        "Se detuvo tras la etapa 1: 0 de 2 corregidos (0%), menos del 80%; 2 con el mismo error otra vez (price.min); "
        "2 sin respuesta.",
    ]


def test_a_reason_within_a_reason_is_said_in_the_same_language() -> None:
    assert [say(MADE[Code.IN_BATCH](), language) for language in LANGUAGES] == [
        "evento 0 do lote: um evento estruturado deve ser um objeto JSON",
        "event 0 of the batch: a structured event must be a JSON object",
        "evento 0 del lote: un evento estructurado debe ser un objeto JSON",
    ]


def test_the_field_the_limit_and_the_kind_of_value_are_named() -> None:
    assert say(of_data(sequence="5"), "en") == 'data.sequence must be a whole number, not text ("5")'
    assert say(of_data(sequence="5"), "pt") == 'data.sequence deve ser um número inteiro, não um texto ("5")'
    assert say(of_data(key="k" * 201), "es") == f'data.key debe tener como máximo 200 caracteres ("{"k" * 40}…")'
    assert say(of_command(log_ids=[7]), "en") == "data.log_ids.0 must be a UUID"


@pytest.mark.parametrize(
    ("value", "kind"),
    [(None, "null"), (True, "boolean"), (1, "number"), (1.5, "number"), ("", "text"), ([], "list"), ({}, "object")],
)
def test_kinds_of_values(value: Any, kind: str) -> None:
    assert kind_of(value) == kind


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"code": "of_tomorrow", "parameters": {"limit": 7, "field": "data.x"}}, "of_tomorrow (limit=7, field=data.x)"),
        ({"code": "of_tomorrow", "parameters": {}}, "of_tomorrow"),
        ({"code": "of_tomorrow"}, "of_tomorrow"),
        ({"code": "field_too_long", "parameters": {"field": "data.x"}}, "field_too_long (field=data.x)"),
        ({"code": "field_not_text", "parameters": {"field": "f", "got": "blob"}}, "field_not_text (field=f, got=blob)"),
        ({"code": "step_went_on", "parameters": {"step": 1, "fixed": 1, "total": 1, "share": "most"}}, None),
        ({"code": "of_tomorrow", "parameters": {"all": ["a", {"code": "then"}]}}, "of_tomorrow (all=a, then)"),
        ("a sentence of before", "a sentence of before"),
        (["what"], '["what"]'),
        ({"parameters": {}}, '{"parameters": {}}'),
    ],
)
def test_what_another_version_wrote_is_never_an_error(written: Any, said: str | None, language: Any) -> None:
    found = say(Reason.from_json(json.dumps(written)), language)
    assert found == said or (said is None and found.startswith("step_went_on (step=1"))


def test_rewording_changes_what_was_stored_before(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = MADE[Code.NO_BYTES]().to_json()
    reworded = {**TEMPLATES, Code.NO_BYTES: {"pt": "nada", "en": "nothing", "es": "nada de nada"}}
    monkeypatch.setattr(saying, "TEMPLATES", reworded)
    assert say(Reason.from_json(kept), "es") == "nada de nada"


def test_a_code_without_a_sentence_fails() -> None:
    with pytest.raises(ValueError, match="without a sentence: no_bytes"):
        complete({code: sentences for code, sentences in TEMPLATES.items() if code != Code.NO_BYTES})


def test_a_code_with_two_sentences_fails() -> None:
    with pytest.raises(ValueError, match="two sentences: no_bytes"):
        complete(TEMPLATES, {Code.NO_BYTES: TEMPLATES[Code.NO_BYTES]})


@pytest.mark.parametrize(
    ("sentences", "fault"),
    [
        ({"pt": "a", "en": "b"}, "in each of pt, en, es"),
        ({"pt": "a", "en": "b", "es": ""}, "in each of pt, en, es"),
        ({"pt": "a", "en": "b {limit}", "es": "c"}, "the same parameters"),
        ({"pt": "a {n}", "en": "b {n:.0%}", "es": "c {n}"}, "the same parameters"),
    ],
)
def test_a_sentence_that_is_not_whole_fails(sentences: Any, fault: str) -> None:
    with pytest.raises(ValueError, match=f"no_bytes .*{fault}"):
        complete({**TEMPLATES, Code.NO_BYTES: sentences})


@given(st.dictionaries(st.sampled_from(["text", "a", "b"]), st.text() | st.integers() | st.lists(st.text())))
def test_any_text_can_be_stored(parameters: dict[str, Any]) -> None:
    reason = Reason(Code.OWN_WORDS, **{k: tuple(v) if isinstance(v, list) else v for k, v in parameters.items()})
    kept = reason.to_json()
    assert "\\u0000" not in kept
    kept.encode()
    say(from_document(json.loads(kept)), "en")


def test_a_long_text_is_cut_where_it_is_kept() -> None:
    kept = Reason.from_json(own_words("x" * (MAX_TEXT_CHARACTERS + 1)).to_json())
    assert kept == own_words("x" * MAX_TEXT_CHARACTERS)


def test_a_value_is_no_template() -> None:
    assert say(own_words("{text.__class__} {0} {x!r:>9}"), "en") == "{text.__class__} {0} {x!r:>9}"


def test_a_reason_can_not_be_changed() -> None:
    reason = Reason(Code.NO_BYTES)
    with pytest.raises(AttributeError):
        reason.code = "another"
    with pytest.raises(TypeError):
        reason.parameters["limit"] = 1  # type: ignore[index]
    assert reason.of(limit=1) == Reason(Code.NO_BYTES, limit=1) != reason


def _choices(model: type[BaseModel]) -> Iterator[tuple[type[BaseModel], str, tuple[str, ...]]]:
    """Each field of `model` that takes one of a list of values, with them."""
    for name, field in model.model_fields.items():
        for each in (field.annotation, *get_args(field.annotation)):
            if get_origin(each) is Literal or (isinstance(each, type) and issubclass(each, StrEnum)):
                yield model, name, members(each)


@pytest.mark.parametrize(
    ("model", "name", "values"),
    [each for model in (ReprocessRequest, LogFilter, ExportRequest, ExportOrder) for each in _choices(model)],
)
def test_allowed_values_are_those_of_the_type(model: type[BaseModel], name: str, values: tuple[str, ...]) -> None:
    """No word of pydantic's English is among them."""
    with pytest.raises(ValidationError) as refused:
        model.model_validate({name: ["no"] if name in REPEATABLE else "no"})
    [found] = [each for each in reasons_of(refused.value) if str(each.parameters["field"]).startswith(name)]
    assert (found.code, found.parameters["allowed"]) == (Code.FIELD_NOT_ONE_OF, values)


@pytest.mark.parametrize("code", [code for code in MADE if code not in {*_WORDLESS, Code.FIELD_WRONG}])
def test_no_word_of_pydantic_is_stored(code: Code) -> None:
    assert not re.search(r"Input should|Value error| or '", MADE[code]().to_json())
