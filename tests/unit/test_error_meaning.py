"""One table says what categories and statuses mean, to automatic retries and to the playbook."""

import pytest

from schemas.classification import error_class
from schemas.error_class import ErrorClass
from schemas.error_meaning import CATEGORIES, Meaning, is_of_the_server, of_status
from schemas.fault_class import FaultClass
from schemas.playbook.classification import class_of
from tests.unit.test_error_class import Told

NO_WORDS = "no words for it"
EVERY = {**CATEGORIES, **{str(status): of_status(status) for status in range(400, 600)}}

#: Answers of both classifications, by hand: a table that is compared with itself is right whatever it has.
SAID: tuple[tuple[int | str, ErrorClass, FaultClass | None], ...] = (
    (400, ErrorClass.PERMANENT, FaultClass.VALIDATION),
    (401, ErrorClass.PERMANENT, FaultClass.CREDENTIALS),
    (403, ErrorClass.UNKNOWN, FaultClass.PERMISSION),
    (404, ErrorClass.PERMANENT, FaultClass.NOT_FOUND),
    (405, ErrorClass.PERMANENT, FaultClass.CONNECTOR),
    (408, ErrorClass.BUSY, FaultClass.TRANSIENT),
    (409, ErrorClass.UNKNOWN, FaultClass.CONFLICT),
    (412, ErrorClass.PERMANENT, FaultClass.CONFLICT),
    (424, ErrorClass.UNKNOWN, FaultClass.VALIDATION),
    (429, ErrorClass.BUSY, FaultClass.LIMIT),
    (451, ErrorClass.PERMANENT, FaultClass.PERMISSION),
    (501, ErrorClass.PERMANENT, FaultClass.MARKETPLACE),
    (503, ErrorClass.BUSY, FaultClass.TRANSIENT),
    (507, ErrorClass.BUSY, FaultClass.MARKETPLACE),
    (573, ErrorClass.UNKNOWN, None),
    ("server_error", ErrorClass.BUSY, FaultClass.MARKETPLACE),
    ("mapping", ErrorClass.PERMANENT, FaultClass.CONNECTOR),
    ("quota", ErrorClass.BUSY, FaultClass.LIMIT),
    ("limite", ErrorClass.UNKNOWN, FaultClass.LIMIT),
    ("throttle", ErrorClass.BUSY, None),
    ("network", ErrorClass.TRANSPORT, FaultClass.TRANSIENT),
    ("timeout", ErrorClass.BUSY, FaultClass.TRANSIENT),
    ("timed_out", ErrorClass.UNKNOWN, FaultClass.TRANSIENT),
    ("dns", ErrorClass.TRANSPORT, None),
    ("authorization", ErrorClass.PERMANENT, FaultClass.PERMISSION),
    ("missing", ErrorClass.PERMANENT, FaultClass.NOT_FOUND),
    ("duplicity", ErrorClass.UNKNOWN, FaultClass.CONFLICT),
    ("tax", ErrorClass.PERMANENT, None),
    ("internal", ErrorClass.UNKNOWN, FaultClass.CONNECTOR),
)


@pytest.mark.parametrize(("said", "error", "fault"), SAID)
def test_a_category_and_a_status_are_classified_as_ever(
    said: int | str, error: ErrorClass, fault: FaultClass | None
) -> None:
    if isinstance(said, int):
        assert error_class([Told("E1", NO_WORDS)], None, {"status": said}) is error
        assert class_of(code="E1", message=NO_WORDS, status=said) is fault
    else:
        assert error_class([Told("E1", NO_WORDS, category=said)], None, None) is error
        assert class_of(code="E1", message=NO_WORDS, category=said) is fault


@pytest.mark.parametrize(("name", "meaning"), CATEGORIES.items())
def test_a_category_says_what_the_code_does_not(name: str, meaning: Meaning) -> None:
    for spelling in (name, name.upper(), name.replace("_", "-"), f" {name.replace('_', ' ')} "):
        assert error_class([Told("E1", NO_WORDS, category=spelling)], None, None) is meaning.error
        assert class_of(code="E1", message=NO_WORDS, category=spelling) is meaning.fault
    assert error_class([Told("QuotaExceeded", category=name)], None, None) is ErrorClass.BUSY


@pytest.mark.parametrize("status", range(400, 600))
def test_a_status_says_what_it_means_and_at_last_whose_fault_it_is(status: int) -> None:
    last = FaultClass.VALIDATION if status < 500 else FaultClass.MARKETPLACE if is_of_the_server(status) else None
    meaning = of_status(status)
    assert error_class([Told("E1", NO_WORDS)], None, {"status": status}) is meaning.error
    assert class_of(code="E1", message=NO_WORDS, status=status) is (meaning.fault or last)
    assert class_of(message="já existe", status=status) is (meaning.fault or FaultClass.CONFLICT)


@pytest.mark.parametrize("status", [None, 0, 99, 200, 204, 302, 600, 999])
def test_what_is_no_failure_means_nothing(status: int | None) -> None:
    assert of_status(status) == Meaning(None, ErrorClass.UNKNOWN)


def test_no_meaning_contradicts_itself() -> None:
    """Faults that go away by themselves are the marketplace's or the network's, and are never said to stay."""
    for name, (fault, error) in EVERY.items():
        if error in (ErrorClass.BUSY, ErrorClass.TRANSPORT):
            assert fault in (FaultClass.TRANSIENT, FaultClass.LIMIT, FaultClass.MARKETPLACE, None), name
    # Statuses that no standard has, of two vendors.
    stays = {name for name, (fault, error) in EVERY.items() if error is ErrorClass.PERMANENT and fault in _GOES_AWAY}
    assert stays == {"420", "430"}


_GOES_AWAY = (FaultClass.TRANSIENT, FaultClass.LIMIT)
