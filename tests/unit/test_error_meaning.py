"""One table says what categories and statuses mean, to automatic retries and to the playbook."""

import pytest

from schemas.classification import error_class
from schemas.error_class import ErrorClass
from schemas.error_meaning import CATEGORIES, Meaning, of_status
from schemas.fault_class import FaultClass
from schemas.playbook.classification import class_of
from tests.unit.test_error_class import Told

NO_WORDS = "no words for it"
EVERY = {**CATEGORIES, **{str(status): of_status(status) for status in range(400, 600)}}


@pytest.mark.parametrize(("name", "meaning"), CATEGORIES.items())
def test_a_category_says_what_the_code_does_not(name: str, meaning: Meaning) -> None:
    for spelling in (name, name.upper(), name.replace("_", "-"), f" {name.replace('_', ' ')} "):
        assert error_class([Told("E1", NO_WORDS, category=spelling)], None, None) is meaning.error
        assert class_of(code="E1", message=NO_WORDS, category=spelling) is meaning.fault
    assert error_class([Told("QuotaExceeded", category=name)], None, None) is ErrorClass.BUSY


@pytest.mark.parametrize("status", range(400, 600))
def test_a_status_says_what_it_means_and_at_last_whose_fault_it_is(status: int) -> None:
    meaning, last = of_status(status), FaultClass.VALIDATION if status < 500 else FaultClass.MARKETPLACE
    assert error_class([Told("E1", NO_WORDS)], None, {"status": status}) is meaning.error
    assert class_of(code="E1", message=NO_WORDS, status=status) is (meaning.fault or last)
    assert class_of(message="já existe", status=status) is (meaning.fault or FaultClass.CONFLICT)


@pytest.mark.parametrize("status", [None, 0, 99, 200, 204, 302, 600, 999])
def test_what_is_no_failure_means_nothing(status: int | None) -> None:
    assert of_status(status) == Meaning(None, ErrorClass.UNKNOWN)


def test_no_meaning_contradicts_itself() -> None:
    """What goes away by itself is the marketplace's or the network's; the same is never said to stay."""
    for name, (fault, error) in EVERY.items():
        if error in (ErrorClass.BUSY, ErrorClass.TRANSPORT):
            assert fault in (FaultClass.TRANSIENT, FaultClass.LIMIT, FaultClass.MARKETPLACE, None), name
    # Statuses that no standard has, of two vendors.
    stays = {name for name, (fault, error) in EVERY.items() if error is ErrorClass.PERMANENT and fault in _GOES_AWAY}
    assert stays == {"420", "430"}


_GOES_AWAY = (FaultClass.TRANSIENT, FaultClass.LIMIT)
