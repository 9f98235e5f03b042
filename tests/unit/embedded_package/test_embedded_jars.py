"""The lock is the only source of jars: one version of Kafka, exact bytes, nothing else."""

import hashlib
from pathlib import Path

import pytest

from embedded import jars
from embedded.errors import EmbeddedError

ONE = "1" * 64
LOCKED = jars.Jar(group="org.example", artifact="one", version="1.0", sha256=hashlib.sha256(b"the jar").hexdigest())


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_lock_in_the_repository_names_the_roots_and_no_address() -> None:
    locked = jars.locked_jars()
    assert set(jars.ROOTS) <= {str(jar) for jar in locked}
    assert all(len(jar.sha256) == 64 for jar in locked)
    assert "/" not in "".join(map(str, locked))


def test_mixed_versions_of_kafka_are_refused(tmp_path: Path) -> None:
    lock = write(
        tmp_path / "lock", f"{ONE} org.apache.kafka:kafka_2.13:4.4.0\n{ONE} org.apache.kafka:kafka-clients:3.9.1\n"
    )
    with pytest.raises(EmbeddedError, match=r"2 versions instead of one.*3\.9\.1"):
        jars.locked_jars(lock)


@pytest.mark.parametrize("line", ["nonsense", f"{ONE} org.example:one", f"{ONE} a:b:c d"])
def test_unreadable_line_is_a_sentence_that_quotes_it(tmp_path: Path, line: str) -> None:
    with pytest.raises(EmbeddedError, match=line):
        jars.locked_jars(write(tmp_path / "lock", line))


def test_jar_lies_where_maven_would_put_it() -> None:
    assert LOCKED.path(Path("cache")) == Path("cache/org/example/one/1.0/one-1.0.jar")


@pytest.mark.parametrize(
    ("content", "intact"), [("the jar", True), ("another", False), ("", False)], ids=["whole", "other", "cut off"]
)
def test_only_the_locked_bytes_are_intact(tmp_path: Path, *, content: str, intact: bool) -> None:
    write(LOCKED.path(tmp_path), content)
    assert LOCKED.is_intact(tmp_path) is intact


def test_missing_jar_is_not_intact(tmp_path: Path) -> None:
    assert not LOCKED.is_intact(tmp_path)
