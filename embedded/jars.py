"""The jars of Apache Kafka: pinned by version and SHA-256 in `kafka.lock.txt`, fetched once, verified at each start.

`python -m embedded.jars --lock` resolves ROOTS again and rewrites the lock. Run it to change the Kafka version, and
read the diff before you commit it.
"""

import argparse
import hashlib
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import jgo.maven
import platformdirs
import requests

from embedded.errors import EmbeddedError
from embedded.lock import DirectoryLock

# slf4j-simple, not log4j-slf4j-impl: with the latter as second root jgo applies *its* managed versions and
# silently puts kafka-clients 3.9.1 next to a 4.x broker. `_parse` refuses such a mixture.
ROOTS = ("org.apache.kafka:kafka_2.13:4.4.0", "org.slf4j:slf4j-simple:1.7.36")
LOCK = Path(__file__).with_name("kafka.lock.txt")

DOWNLOADS_AT_ONCE = 8
REQUEST_TIMEOUT_SECONDS = 30
# Another process may be downloading the same jars; that takes a while on a slow line.
FETCH_LOCK_SECONDS = 300.0


@dataclass(frozen=True, kw_only=True)
class Jar:
    """One line of the lock."""

    group: str  # org.apache.kafka
    artifact: str  # kafka-clients
    version: str  # 4.4.0
    sha256: str  # of the file, hexadecimal

    def path(self, cache: Path) -> Path:
        """The jar's path in the cache, which is laid out as a Maven repository."""
        return cache.joinpath(
            *self.group.split("."), self.artifact, self.version, f"{self.artifact}-{self.version}.jar"
        )

    def is_intact(self, cache: Path) -> bool:
        """Tell if the cached file exists and has the locked checksum."""
        try:
            content = self.path(cache).read_bytes()
        except FileNotFoundError:
            return False
        return hashlib.sha256(content).hexdigest() == self.sha256

    def __str__(self) -> str:
        return f"{self.group}:{self.artifact}:{self.version}"


def default_cache() -> Path:
    """The user's cache directory for the jars, shared by all data directories and checkouts."""
    return platformdirs.user_cache_path("conexoes") / "maven"


def locked_jars(lock: Path = LOCK) -> list[Jar]:
    """Read the lock. Raises EmbeddedError if it is unreadable or mixes versions of Kafka."""
    jars = []
    for line in lock.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            try:
                sha256, coordinate = line.split()
                group, artifact, version = coordinate.split(":")
            except ValueError as error:
                raise EmbeddedError(f"{lock} has a line that is not «sha256 group:artifact:version»: {line}") from error
            jars.append(Jar(group=group, artifact=artifact, version=version, sha256=sha256))
    kafka_version(jars)
    return jars


def kafka_version(jars: Iterable[Jar]) -> str:
    """Return the one version of all jars of org.apache.kafka. Raises EmbeddedError if there are several, or none."""
    versions = {jar.version for jar in jars if jar.group == "org.apache.kafka"}
    if len(versions) != 1:
        raise EmbeddedError(f"The jars of Kafka carry {len(versions)} versions instead of one: {sorted(versions)}.")
    return versions.pop()


def kafka_classpath(lock: Path = LOCK, cache: Path | None = None) -> list[Path]:
    """Return the verified jars; download missing or damaged ones.

    Blocks. Without downloads it takes about 50 ms (44 MB).

    Every byte is read each time: it is cheap, and there is no stamp file that could be wrong.
    Raises EmbeddedError if a jar can't be downloaded, or does not have its locked checksum after a new download.
    """
    cache = cache or default_cache()
    jars = locked_jars(lock)
    if not all(jar.is_intact(cache) for jar in jars):
        cache.mkdir(parents=True, exist_ok=True)
        refusal = (
            f"Another program has been fetching the jars of Kafka into {cache} for minutes; wait for it or end it."
        )
        with DirectoryLock(cache / "fetch.lock", refusal=refusal, wait_seconds=FETCH_LOCK_SECONDS):
            _fetch([jar for jar in jars if not jar.is_intact(cache)], cache)
    return [jar.path(cache) for jar in jars]


def _fetch(jars: Sequence[Jar], cache: Path) -> None:
    for jar in jars:
        jar.path(cache).unlink(missing_ok=True)  # a partial download of an interrupted run
    context = _maven(cache)

    def fetch(jar: Jar) -> None:
        try:
            context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
        except (OSError, RuntimeError, requests.RequestException) as error:
            raise EmbeddedError(
                f"The Kafka jar {jar} could not be fetched from Maven Central: check the network and start again, "
                "or set CONEXOES_KAFKA_BOOTSTRAP_SERVERS to a Kafka of your own."
            ) from error
        if not jar.is_intact(cache):
            jar.path(cache).unlink()
            raise EmbeddedError(
                f"The Kafka jar {jar} that was fetched is not the one locked: its checksum differs. It was deleted; "
                "start again, and if this repeats, do not trust this network or its mirror."
            )

    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
        list(pool.map(fetch, jars))


def write_lock(lock: Path = LOCK, cache: Path | None = None, roots: Sequence[str] = ROOTS) -> list[Jar]:
    """Resolve `roots` and their dependencies, download the jars, and write their versions and checksums to `lock`."""
    context = _maven(cache or default_cache())
    first, others = context.resolver.resolve([context.create_dependency(root) for root in roots])
    artifacts = [one.artifact for one in [*first, *(one for one in others if one.scope in ("compile", "runtime"))]]
    jars = [
        Jar(
            group=one.groupId,
            artifact=one.artifactId,
            version=one.version,
            sha256=hashlib.sha256(one.resolve().read_bytes()).hexdigest(),
        )
        for one in artifacts
    ]
    kafka_version(jars)
    head = "# SHA-256 and coordinate of each jar, in classpath order. Never written by hand.\n"
    lock.write_text(head + "".join(f"{jar.sha256} {jar}\n" for jar in jars), "utf-8")
    return jars


def _maven(cache: Path) -> jgo.maven.MavenContext:
    return jgo.maven.MavenContext(repo_cache=cache, timeout=REQUEST_TIMEOUT_SECONDS)


def main(arguments: Sequence[str]) -> None:
    """Run `python -m embedded.jars`: download and verify; with --lock, resolve first."""
    parser = argparse.ArgumentParser(prog="python -m embedded.jars", description=__doc__)
    parser.add_argument("--lock", action="store_true", help="resolve the roots anew and rewrite kafka.lock.txt")
    if parser.parse_args(arguments).lock:
        write_lock()
    sys.stdout.write(f"{len(kafka_classpath())} jars of Kafka {kafka_version(locked_jars())} in {default_cache()}\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except EmbeddedError as error:
        sys.exit(str(error))
