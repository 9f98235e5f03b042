"""The Java client and the CloudEvents SDK for Java, and a compiler: the runtime of the embedded Kafka has none.

`python -m tests.support.java` resolves ROOTS again and rewrites the lock.
"""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from embedded.jars import kafka_classpath, kafka_version, locked_jars, write_lock
from embedded.java import find_java

LOCK = Path(__file__).with_name("java.lock.txt")
#: The client is that of the embedded Kafka.
ROOTS = (
    f"org.apache.kafka:kafka-clients:{kafka_version(locked_jars())}",
    "io.cloudevents:cloudevents-kafka:4.0.1",
    "io.cloudevents:cloudevents-json-jackson:4.0.1",
    "org.slf4j:slf4j-simple:1.7.36",
    "org.eclipse.jdt:ecj:3.46.100",
)
_COMPILER = "org.eclipse.jdt.internal.compiler.batch.Main"
_SECONDS = 120


def compiled(sources: Iterable[Path], directory: Path) -> list[str]:
    """Compile files into `directory`. Returns the command that runs a class of theirs. AssertionError for a mistake."""
    java, jars = str(find_java()), [str(jar) for jar in kafka_classpath(LOCK)]
    classpath = os.pathsep.join([str(directory), *jars])
    done = subprocess.run(
        [java, "-cp", classpath, _COMPILER, "-17", "-proc:none", "-d", str(directory), *map(str, sources)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return [java, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", classpath]


if __name__ == "__main__":
    write_lock(LOCK, roots=ROOTS)
