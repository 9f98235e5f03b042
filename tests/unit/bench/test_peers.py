"""Records, tables and settings of peers, which must fit each other."""

import json
import re
import time
import zipfile
from pathlib import Path

import jgo.maven
import pytest

from bench.contestants import CONNECT, CONNECT_INDEXED, CONTESTANTS, FLINK, FLINK_INDEXED
from bench.events import simulated
from bench.flat import OPTIONAL, TABLES, TEXTS, flattened
from bench.flink_sql import script
from bench.maven import whole
from bench.page import page
from bench.peers import contestants
from tests.unit.bench.test_page import sections

COLUMNS = {*TEXTS, *OPTIONAL, "processed_at", "body"}
DATABASE = "postgresql://o'brien:it''s@127.0.0.1:5433/bench_1"


def test_flattened_results_have_one_field_a_column() -> None:
    for event in flattened(simulated(50, "price"), time.time_ns()):
        assert event.record.headers == ()
        assert set(json.loads(event.record.value or b"")) == COLUMNS
    for table in TABLES.strip().splitlines():
        assert {name for name in COLUMNS if re.search(rf"[(,] ?{name} (?:text|timestamptz)", table)} == COLUMNS


def test_flink_reads_once_and_writes_every_column_of_both_tables() -> None:
    text = script("127.0.0.1:9092", DATABASE, "b1.results.price")
    creates, _, inserts = text.partition("EXECUTE STATEMENT SET")
    heads = re.findall(r"CREATE TABLE (\w+) \((.*?)\)\s+WITH", creates, re.DOTALL)
    assert [name for name, _ in heads] == ["results", "history", "latest"]
    for _, columns in heads:
        assert set(re.findall(r"`(\w+)` ", columns)) >= COLUMNS
    assert creates.count("'connector' = 'kafka'") == 1
    for table in ("history", "latest"):
        [row] = re.findall(rf"INSERT INTO {table} SELECT (.*) FROM results;", inserts)
        # By position: the same order as the columns of the table.
        assert re.findall(r"`(\w+)`", row) == re.findall(r"`(\w+)` [A-Z]", dict(heads)[table])
    assert "PRIMARY KEY" in dict(heads)["latest"]
    assert "PRIMARY KEY" not in dict(heads)["history"]


def test_texts_in_flinks_script_are_quoted() -> None:
    text = script("127.0.0.1:9092", DATABASE, "b1.results.price")
    assert text.count("'username' = 'o''brien'") == 2
    assert text.count("'password' = 'it''''s'") == 2
    assert text.count("jdbc:postgresql://127.0.0.1:5433/bench_1?currentSchema=conexoes&reWriteBatchedInserts=true") == 2


def test_a_jar_that_was_cut_off_is_fetched_again(tmp_path: Path) -> None:
    cache, repository = tmp_path / "cache", tmp_path / "repository"
    for place in (cache, repository):
        path = place / "org" / "example" / "tool" / "1.0" / "tool-1.0.jar"
        path.parent.mkdir(parents=True)
        with zipfile.ZipFile(path, "w") as jar:
            jar.writestr("a", "b" * 100)
    content = path.read_bytes()
    context = jgo.maven.MavenContext(repo_cache=cache, local_repos=[repository], offline=True)
    artifact = context.project("org.example", "tool").at_version("1.0").artifact()
    kept = whole(artifact)
    assert kept.is_relative_to(cache)
    kept.write_bytes(content[:-1])
    assert whole(artifact).read_bytes() == content


def test_every_peer_has_a_row_with_and_without_indexes() -> None:
    peers = contestants()
    assert {each.name: each.indexed for each in peers} == {
        CONNECT: False,
        CONNECT_INDEXED: True,
        FLINK: False,
        FLINK_INDEXED: True,
    }
    assert all(each.command for each in peers)
    assert not any(each.command for each in CONTESTANTS)


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        ([], None),
        ([CONNECT, CONNECT_INDEXED], "by Kafka Connect:"),
        ([FLINK, FLINK_INDEXED], "by Flink SQL:"),
        ([CONNECT, FLINK], "by Kafka Connect and Flink SQL:"),
    ],
)
def test_the_page_says_what_the_measured_peers_do_less(measured: list[str], said: str | None) -> None:
    given = sections()
    rows = given["ingest"]["rows"]
    rows += [{"name": name, "rounds": rows[0]["rounds"]} for name in measured]
    text, _ = page(given)
    assert ("Less is done " in text) == (said is not None)
    assert f"Less is done {said or ''}" in text or said is None
    assert ("a checkpoint every 5 s" in text) == (FLINK in measured)
