"""Every error of a result is a fault; the first of the gravest stands for it."""

import itertools
import random
from typing import Any

import pytest

from schemas.fault import Fault, faults_of, rank
from schemas.result import Result, ResultError
from tests.support.events import result
from tests.unit.test_result import accepted

CODES = ("gtin", "price", "brand", "image")


def read(*errors: dict[str, Any], **changes: Any) -> Result:
    return accepted(result(errors=[{"message": f"{each['code']} is wrong"} | each for each in errors], **changes))


@pytest.mark.parametrize(
    ("severity", "place"),
    [
        (None, 0),
        ("", 0),
        ("error", 0),
        ("ERROR", 0),
        ("critical", 0),
        ("low", 0),  # a word that we do not know hides nothing
        ("warning", 1),
        (" Warning ", 1),
        ("WARN", 1),
        ("aviso", 1),
        ("info", 2),
        ("INFO", 2),
        ("information", 2),
    ],
)
def test_a_severity_is_an_error_unless_it_says_less(severity: str | None, place: int) -> None:
    assert rank(severity) == place


@pytest.mark.parametrize("less", ["warning", "info"])
def test_the_gravest_stands_for_the_result_whatever_the_order(less: str) -> None:
    """The order of Mercado Livre's own example: warning, error, warning, warning."""
    errors = [{"code": code, "severity": less} for code in CODES[:3]] + [{"code": "not_allowed", "severity": "error"}]
    for order in itertools.permutations(errors):
        found = read(*order, message=None)
        assert (found.code, found.message) == ("not_allowed", "not_allowed is wrong")
        assert found.fingerprint == found.faults[0].fingerprint
        assert [each.code for each in found.faults[1:]] == [each["code"] for each in order if each["severity"] == less]


def test_a_warning_is_graver_than_information_and_none_given_is_an_error() -> None:
    found = read({"code": "i", "severity": "info"}, {"code": "w", "severity": "warning"}, {"code": "none"})
    assert [each.code for each in found.faults] == ["none", "w", "i"]


def test_any_order_gives_the_same_faults() -> None:
    draw = random.Random(1)
    errors = [{"code": code, "severity": draw.choice(("error", "warning", None))} for code in CODES]
    seen = {frozenset(read(*order).faults) for order in itertools.permutations(errors)}
    assert len(seen) == 1
    firsts = {read(*order).code for order in itertools.permutations(errors)}
    assert firsts == {each["code"] for each in errors if each["severity"] != "warning"}


def test_a_fault_is_the_same_alone_and_among_others() -> None:
    alone = read({"code": "gtin"}, message="1 error")
    among = read({"code": "price"}, {"code": "gtin"}, message="2 errors")
    assert alone.fingerprint == among.faults[1].fingerprint
    assert alone.message == "1 error"


def test_equal_faults_are_one_and_errors_says_how_many_are_listed() -> None:
    found = read({"code": "gtin"}, {"code": "gtin", "severity": "warning"}, {"code": "gtin"})
    assert [each.code for each in found.faults] == ["gtin"]
    assert found.errors == 3


def test_equal_faults_of_two_categories_are_two_with_one_fingerprint() -> None:
    found = read(*({"code": "gtin", "category": each} for each in ("PRICE", "STOCK", "PRICE")))
    assert [each.category for each in found.faults] == ["PRICE", "STOCK"]
    assert len(found.fingerprints) == 1


def test_a_failure_without_errors_has_one_fault_of_its_message() -> None:
    none: list[Any] | None
    for none in ([], None):
        found = accepted(result(errors=none, message="It is late"))
        [fault] = found.faults
        assert fault == Fault(None, None, None, "It is late", found.fingerprint or "")
        assert (found.code, found.category, found.errors) == (None, None, 0)


def test_a_success_has_no_faults() -> None:
    found = read({"code": "w", "severity": "warning"}, status="success", message=None)
    assert (found.faults, found.errors, found.code, found.category, found.fingerprint) == ((), 0, None, None, None)
    assert found.message == "w is wrong"


def test_an_error_without_a_message_has_the_results() -> None:
    [fault] = accepted(result(errors=[{"code": "c", "message": ""}], message="Nothing worked")).faults
    assert (fault.message, fault.fingerprint) == (
        "Nothing worked",
        accepted(result(errors=[{"code": "c", "message": "Nothing worked"}], message="x")).fingerprint,
    )


@pytest.mark.parametrize("field", [None, "price", "items[3].price", "SKU-9"])
def test_the_field_of_an_error_is_no_part_of_its_fault(field: str | None) -> None:
    faults = [
        faults_of("price", "MLB", "K", [ResultError(code="c", message="m", field=each)], None) for each in (None, field)
    ]
    assert faults[0] == faults[1]


def test_long_text_is_cut() -> None:
    error = ResultError(code="c", message="m" * 5000, category="k" * 300, severity="", field="")
    [fault] = faults_of("price", "MLB", "SKU-1", [error], None)
    assert (len(fault.message or ""), len(fault.category or ""), fault.severity) == (4096, 200, None)
