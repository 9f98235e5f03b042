"""The playbook: the most specific entry wins, a bad file is refused with a sentence, a bad edit changes nothing."""

import os
from itertools import combinations
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from api.playbook_file import CHECK_SECONDS, PlaybookFile
from connectors.simulator import PLAYBOOK
from connectors.simulator.any_type import ANOTHER
from connectors.simulator.marketplaces import MARKETPLACES
from schemas.playbook import MAX_PLAYBOOK_BYTES, BadPlaybookError, SeenError, WrittenEntries

TEXTS = 'cause = {pt = "a", en = "b", es = "c"}\nwhat_to_do = {pt = "a", en = "b", es = "c"}\n'
NAMED = "0123456789abcdef"
#: Subjects from the least specific to the most.
SUBJECTS = [
    'code = "c"',
    'code = "c"\nintegration_type = "price"',
    'code = "c"\naffiliate = "MLB"',
    'code = "c"\nintegration_type = "price"\naffiliate = "MLB"',
    f'fingerprint = "{NAMED}"',
    f'fingerprint = "{NAMED}"\nintegration_type = "price"',
    f'fingerprint = "{NAMED}"\naffiliate = "MLB"',
    f'fingerprint = "{NAMED}"\nintegration_type = "price"\naffiliate = "MLB"',
]


def entry(subject: str, rest: str = 'who = "seller"') -> str:
    return f"[[entry]]\n{subject}\n{rest}\n{TEXTS}"


@pytest.mark.parametrize(("less", "more"), list(combinations(SUBJECTS, 2)))
def test_the_most_specific_entry_wins(less: str, more: str) -> None:
    for order in ((less, more), (more, less)):
        texts = [entry(subject, f'who = "{"connector" if subject == more else "seller"}"') for subject in order]
        found = WrittenEntries.read("".join(texts)).about(SeenError("price", "MLB", "c", NAMED))
        assert found is not None
        assert found.who == "connector"


@pytest.mark.parametrize(
    ("subject", "error"),
    [
        ('code = "c"', ("price", "MLB", "d", NAMED)),
        ('code = "c"', ("price", "MLB", None, None)),
        ('code = "c"\naffiliate = "MLB"', ("price", "AMZ", "c", NAMED)),
        ('code = "c"\nintegration_type = "orders"', ("price", "MLB", "c", NAMED)),
        (f'fingerprint = "{NAMED}"', ("price", "MLB", "c", "f" * 16)),
    ],
)
def test_what_an_entry_is_not_about_it_does_not_answer(
    subject: str, error: tuple[str, str, str | None, str | None]
) -> None:
    assert WrittenEntries.read(entry(subject)).about(SeenError(*error)) is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nonsense", "not TOML"),
        ("entries = []", "entries: is no known field"),
        ("entry = 1", "entry: must be a list, not a number"),
        (entry('code = "a"') + entry('code = "c"', 'who = "nobody"'), "entry 2 who: must be one of seller, "),
        (entry('code = "a"', ""), "entry 1 who: is missing"),
        (entry(""), "entry 1: give one of code, fingerprint, message"),
        (entry(f'code = "a"\nfingerprint = "{NAMED}"'), "entry 1: give one of code, fingerprint, message"),
        (entry('fingerprint = "x"'), "entry 1 fingerprint: must be of the form"),
        (entry('code = "a"\nintegration_type = "x"'), "integration_type must be one of orders"),
        (entry('code = "a"') + entry('code = "a"'), "entry 2 is about the same as entry 1"),
        (entry('code = "a"', 'who = "seller"\nlink = "javascript:alert(1)"'), "entry 1 link: must be of the form"),
        (entry('code = "a"', 'who = "seller"\ncolor = "red"'), "entry 1 color: is no known field"),
        (entry('code = "a"').replace(', es = "c"', "", 1), "entry 1 cause.es: is missing"),
        (entry('code = "a"').replace('pt = "a"', 'pt = " "', 1), "entry 1 cause.pt: must have at least"),
    ],
)
def test_a_bad_playbook_is_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(BadPlaybookError) as raised:
        WrittenEntries.read(text)
    assert sentence in str(raised.value)


def test_the_demo_knows_every_code_of_its_connector() -> None:
    playbook = PlaybookFile(PLAYBOOK)()
    used = set()
    for marketplace in MARKETPLACES:
        for name, faults in marketplace.faults.items():
            for code in {code for fault in (*faults, ANOTHER) for code in fault.codes}:
                assert playbook.about(SeenError(name, marketplace.affiliate, code)) is not None, (name, code)
                used.add(code)
    assert len(playbook) == len(used)


class Clock:
    """Seconds, as the test has them."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class TestFile:
    """A file that is edited while it is in use."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "playbook.toml"
        path.write_text(entry('code = "a"'))
        return path

    @pytest.mark.parametrize("content", [None, b"nonsense", b"\xff", b"#" * (MAX_PLAYBOOK_BYTES + 1)])
    def test_one_that_can_t_be_used_says_so_with_its_name(self, path: Path, content: bytes | None) -> None:
        path.unlink() if content is None else path.write_bytes(content)
        with pytest.raises(BadPlaybookError) as raised:
            PlaybookFile(path)
        assert str(path) in str(raised.value)

    def test_an_edit_shows_after_a_moment_and_a_bad_one_never(self, path: Path) -> None:
        clock = Clock()
        playbook = PlaybookFile(path, clock)
        path.write_text(entry('code = "a"') + entry('code = "b"'))
        assert len(playbook()) == 1  # not looked at again yet
        clock.now += CHECK_SECONDS
        assert len(playbook()) == 2
        with capture_logs() as logs:
            for content in ("nonsense", None):
                path.unlink() if content is None else path.write_text(content)
                for _ in range(3):
                    clock.now += CHECK_SECONDS
                    assert len(playbook()) == 2
        assert [each["log_level"] for each in logs] == ["warning", "warning"]  # once each
        path.write_text(entry('code = "a"'))
        clock.now += CHECK_SECONDS
        assert len(playbook()) == 1

    def test_an_edit_of_the_same_length_is_seen(self, path: Path) -> None:
        clock = Clock()
        playbook = PlaybookFile(path, clock)
        path.write_text(entry('code = "z"'))
        os.utime(path, ns=(1, 1))
        clock.now += CHECK_SECONDS
        assert playbook().about(SeenError("price", "MLB", "z")) is not None
