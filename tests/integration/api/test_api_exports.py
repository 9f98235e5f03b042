"""Exports over HTTP: complete, as one moment was, allowed, limited, audited, and never half a file that looks whole."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from exports.jobs.desk import ExportDesk
from exports.settings import ExportSettings
from schemas.catalogue import BY_NAME
from schemas.columns import log_columns
from schemas.playbook import WrittenEntry
from schemas.playbook.entry import InEveryLanguage
from schemas.role import Role
from storage import access_keys
from storage.access_keys import Grant
from storage.database import Database
from storage.playbook import save
from tests.integration.api.conftest import Caller, Store
from tests.integration.api.export_answers import FORMATS, LOGS, csv_rows, json_rows, log_rows, sheet_rows
from tests.support.events import T0, at, result, with_evidence
from tests.support.served import served
from tests.support.waiting import eventually

ZONE = "America/Sao_Paulo"
MANY = 3000  # more rows than a chunk of a cursor has, and more bytes than one of COPY


async def audit(caller: Caller) -> list[dict[str, Any]]:
    answer = await caller.get("/api/v1/accounts/acme/exports")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


@pytest.fixture
async def one_of_each(store_events: Store) -> None:
    """A success, a warning with two errors, and an error that lists none."""
    two = [{"code": "a", "message": "first"}, {"code": "b", "message": "second", "severity": "low"}]
    await store_events(
        result("e1", key="S", status="success", message="fine", errors=None, processed_at=at(3)),
        result("e2", key="W", status="warning", message="careful", errors=two, processed_at=at(2)),
        result("e3", key="E", status="error", message="broken", errors=None, processed_at=at(1)),
        result("e4", key="E", status="error", message="older", errors=None, processed_at=at(0)),
    )


@pytest.mark.usefixtures("one_of_each")
class TestContent:
    async def test_csv_has_the_columns_of_the_page_in_the_users_words(self, operator: Caller) -> None:
        answer = await operator.get(f"{LOGS}/export.csv", params={"language": "pt", "timezone": ZONE})
        heading, success, warning, error = csv_rows(answer, ";")
        assert heading == [column.heading("pt", ZONE) for column in log_columns(BY_NAME["price"])]
        assert success[:3] == ["S", "MLB", "Sucesso"]
        assert warning[4:8] == ["careful", "a", "", "a: first\nb: second"]
        assert error[:3] + error[4:10] == ["E", "MLB", "Erro", "broken", "", "", "", "", "2"]
        [log] = (await operator.get(LOGS, params={"q": "S"})).json()["items"]
        assert success[12:14] == ["UTC-03:00", "UTC-03:00"]
        assert success[14:] == [f"http://conexoes.test/acme/price/logs/{log['id']}", log["id"]]

    async def test_times_are_in_the_zone_that_the_heading_names(self, operator: Caller, tmp_path: Path) -> None:
        local = (T0 + timedelta(seconds=3) - timedelta(hours=3)).replace(tzinfo=None)  # São Paulo has no summer time
        asked = {"timezone": ZONE}
        heading, first, *_others = csv_rows(await operator.get(f"{LOGS}/export.csv", params=asked))
        assert heading[3] == f"Processing date ({ZONE})"
        assert datetime.fromisoformat(first[3]) == local
        rows = log_rows(await operator.get(f"{LOGS}/export.xlsx", params=asked), tmp_path)
        assert (rows[0][3], rows[1][3]) == (f"Processing date ({ZONE})", local)
        line, *_rest = json_rows(await operator.get(f"{LOGS}/export.jsonl", params=asked))
        assert line["processed_at"] == (T0 + timedelta(seconds=3)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")

    async def test_each_file_cuts_times_alike_and_tells_the_two_hours_of_the_end_of_summer(
        self, operator: Caller, store_events: Store, tmp_path: Path
    ) -> None:
        summer, winter = "2025-11-02T05:30:59.9999Z", "2025-11-02T06:30:59.9999Z"
        await store_events(*(result(each, key=each, processed_at=each) for each in (summer, winter)))
        asked = {"timezone": "America/New_York", "q": "2025-11-02T0"}
        heading, *lines = csv_rows(await operator.get(f"{LOGS}/export.csv", params=asked))
        offset = heading.index("Processing date: UTC offset")
        assert [(line[0], line[3], line[offset]) for line in lines] == [
            (winter, "2025-11-02 01:30:59.999", "UTC-05:00"),
            (summer, "2025-11-02 01:30:59.999", "UTC-04:00"),
        ]
        answer = await operator.get(f"{LOGS}/export.xlsx", params=asked)
        for name in ("Logs", "Errors"):
            heading, *rows = sheet_rows(answer, tmp_path, name)
            offset = heading.index("Processing date: UTC offset")
            at = heading.index("Processing date (America/New_York)")
            assert [(row[0], row[at], row[offset]) for row in rows] == [
                (line[0], datetime.fromisoformat(line[3]), line[12]) for line in lines
            ]

    async def test_no_number_of_evidence_stops_an_export(
        self, operator: Caller, store_events: Store, tmp_path: Path
    ) -> None:
        errors = '[{"code":"c","message":"m","own":1e400},{"code":"d","message":"n","own":19.90}]'
        await store_events(with_evidence(result("e9", key="HUGE", errors=None), errors, "errors"))
        asked = {"q": "HUGE"}
        [_heading, line] = csv_rows(await operator.get(f"{LOGS}/export.csv", params=asked))
        assert line[7] == "c: m\nd: n"
        [_heading, row] = log_rows(await operator.get(f"{LOGS}/export.xlsx", params=asked), tmp_path)
        assert row[7] == "c: m\nd: n"
        [log] = json_rows(await operator.get(f"{LOGS}/export.jsonl", params=asked))
        assert [each["code"] for each in log["errors"]] == ["c", "d"]

    async def test_an_empty_message_is_none_everywhere(self, operator: Caller, store_events: Store) -> None:
        await store_events(result("e9", key="EMPTY", message="", errors=None))
        [log] = (await operator.get(LOGS, params={"q": "EMPTY"})).json()["items"]
        [line] = json_rows(await operator.get(f"{LOGS}/export.jsonl", params={"q": "EMPTY"}))
        assert (log["message"], line["message"]) == (None, None)

    async def test_json_lines_are_the_logs_of_the_api(self, operator: Caller) -> None:
        logs = (await operator.get(LOGS)).json()["items"]
        lines = json_rows(await operator.get(f"{LOGS}/export.jsonl"))
        own = {"errors", "aliases", "link"}
        # What may be done, and when we will, is of the moment.
        assert set(lines[0]) == {*logs[0], *own} - {"actions", "next_try_at"}
        for log, line in zip(logs, lines, strict=True):
            for name in set(line) - own:
                if name.endswith("_at"):
                    assert datetime.fromisoformat(line[name]) == datetime.fromisoformat(log[name])
                else:
                    assert line[name] == log[name], name
        assert lines[1]["errors"][1] == {"code": "b", "message": "second", "severity": "low"}

    async def test_every_name_of_an_entity_is_in_every_format(
        self, operator: Caller, store_events: Store, tmp_path: Path
    ) -> None:
        names = {"ean": "=789", "marketplace_order_id": "2000001"}
        await store_events(
            result("e5", key="E", aliases=names, processed_at=at(4)),
            result("e6", key="E", aliases={"ean": "a\nb", "shipment_id": "\u00e9\x01"}, processed_at=at(5)),
        )
        lines = "ean: =789\nean: a\nb\nmarketplace_order_id: 2000001\nshipment_id: é\x01"
        table = csv_rows(await operator.get(f"{LOGS}/export.csv"))
        assert [row[8] for row in table[:3]] == ["Other names", lines, ""]
        sheet = log_rows(await operator.get(f"{LOGS}/export.xlsx"), tmp_path)
        assert [row[8] for row in sheet[:3]] == ["Other names", lines, None]
        named, plain, *_rest = json_rows(await operator.get(f"{LOGS}/export.jsonl"))
        assert named["aliases"] == {
            "ean": ["=789", "a\nb"],
            "marketplace_order_id": ["2000001"],
            "shipment_id": ["é\x01"],
        }
        assert plain["aliases"] == {}
        log = (await operator.get(f"{LOGS}/{named['id']}")).json()
        assert named["aliases"] == log["aliases"]

    async def test_errors_have_a_row_each_and_a_log_that_lists_none_has_its_message(
        self, operator: Caller, tmp_path: Path
    ) -> None:
        answer = await operator.get(f"{LOGS}/export.xlsx", params={"language": "es"})
        _heading, *rows = sheet_rows(answer, tmp_path, "Errores")
        assert [(row[0], row[2], row[4], row[5], row[6]) for row in rows] == [
            ("W", "⚠ Alerta", "a", "first", None),
            ("W", "⚠ Alerta", "b", "second", "low"),
            ("E", "✖ Error", None, "broken", None),
        ]

    async def test_the_summary_counts_what_the_sheets_have(self, operator: Caller, tmp_path: Path) -> None:
        answer = await operator.get(f"{LOGS}/export.xlsx", params={"language": "pt"})
        _heading, *rows = sheet_rows(answer, tmp_path, "Resumo")
        counted = {(row[0], row[1]): row[2:6] for row in rows if row[0]}
        assert counted["Tudo", None] == [3, 3, 0, 3]
        assert counted["Status", "⚠ Alerta"] == [1, 1, 0, 1]
        assert counted["Afiliado", "MLB"] == [3, 3, 0, 3]
        assert [sum(row[column] for row in rows) for column in (8, 9, 10)] == [1, 1, 1]

    async def test_each_group_is_a_row_with_a_fact_in_each_cell(self, operator: Caller, tmp_path: Path) -> None:
        answer = await operator.get(f"{LOGS}/export.xlsx", params={"language": "pt"})
        headings, *rows = sheet_rows(answer, tmp_path, "Grupos de erros")
        assert headings[:7] == [
            "Código do erro", "Mensagem", "Afiliados", "Logs", "Últimas 24 h", "24 h anteriores", "Variação",
        ]  # fmt: skip
        assert {(row[0], row[1], *row[2:7]) for row in rows} == {
            ("a", "first", "MLB", 1, 1, 0, 1),
            ("b", "second", "MLB", 1, 1, 0, 1),
            (None, "broken", "MLB", 1, 1, 0, 1),
        }
        assert {len(row[headings.index("Grupo de erros")]) for row in rows} == {16}

    async def test_an_own_entry_of_the_playbook_is_beside_what_it_is_about(
        self, operator: Caller, writer: Database, tmp_path: Path
    ) -> None:
        said = InEveryLanguage(pt="Suba", en="Raise it", es="Suba")
        entry = WrittenEntry(code="a", who="seller", cause=said, what_to_do=said)
        grant = Grant("acme", "operator", "maria", may_export=False, may_see_evidence=False, key_id=None)
        await save(writer, "acme", None, entry, changed_by="maria", grant=grant)
        answer = await operator.get(f"{LOGS}/export.xlsx", params={"language": "en"})
        for sheet, place in (("Error groups", 0), ("Logs", 6), ("Errors", 4)):
            headings, *rows = sheet_rows(answer, tmp_path, sheet)
            advice = [headings.index("Whose turn"), headings.index("What to do")]
            assert {tuple(row[each] for each in advice) for row in rows if row[place] == "a"} == {
                ("The store", "Raise it")
            }

    async def test_about_says_what_it_is(self, operator: Caller, tmp_path: Path) -> None:
        asked = {"status": ["warning", "error"], "q": "=1", "language": "pt"}
        _heading, *rows = sheet_rows(await operator.get(f"{LOGS}/export.xlsx", params=asked), tmp_path, "Sobre")
        about = {row[2]: row[1] for row in rows}
        assert about.pop("as_of").endswith("+00:00")
        assert about == {
            "format": "conexoes-export-1",
            "account": "acme",
            "integration_type": "price",
            "requested_by": "o",
            "rows": "0",
            "errors": "0",
            "timezone": "UTC",
            "filter": "status=warning\nstatus=error\nq==1",
        }


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("integration_type", BY_NAME)
async def test_nothing_matched_is_a_file_with_headings(
    operator: Caller, tmp_path: Path, integration_type: str, format_: str
) -> None:
    answer = await operator.get(f"/api/v1/accounts/acme/{integration_type}/logs/export.{format_}")
    if format_ == "jsonl":
        assert json_rows(answer) == []
        return
    heading = [column.heading("en", "UTC") for column in log_columns(BY_NAME[integration_type])]
    if format_ == "csv":
        assert csv_rows(answer) == [heading]
    else:
        key, *others = heading
        assert sheet_rows(answer, tmp_path, "Logs") == [[key, "Reprocess?", *others, "Whose turn", "What to do"]]


@pytest.mark.parametrize("format_", FORMATS)
async def test_everything_is_there_in_the_order_of_the_page(
    operator: Caller, store_events: Store, tmp_path: Path, format_: str
) -> None:
    await store_events(*(result(f"e{n}", key=f"K{n}", processed_at=at(-n)) for n in range(MANY)))
    answer = await operator.get(f"{LOGS}/export.{format_}")
    if format_ == "jsonl":
        keys = [row["key"] for row in json_rows(answer)]
    elif format_ == "csv":
        keys = [row[0] for row in csv_rows(answer)[1:]]
    else:
        keys = [row[0] for row in sheet_rows(answer, tmp_path, "Logs")[1:]]
    assert keys == [f"K{n}" for n in range(MANY)]
    assert [(each["state"], each["rows"]) for each in await audit(operator)] == [("done", MANY)]


FILTERS = 20


async def test_any_filter_exports_what_it_counts_while_results_keep_arriving(
    operator: Caller, store_events: Store, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    """CSV and JSON Lines against the pages, and the workbook against its own summary, of the same filter."""
    chosen = random.Random(7)
    affiliates, codes = ["MLB", "AMZ", "MGL & Cia"], ["a", "b", "ç+d"]

    def some(number: int) -> Any:
        status = chosen.choice(["success", "warning", "error"])
        errors = None if status == "success" else [{"code": chosen.choice(codes), "message": f"m{number % 5}"}]
        return result(
            f"e{number}",
            key=f"K{chosen.randrange(150)}",
            affiliate=chosen.choice(affiliates),
            status=status,
            errors=errors,
            message=f"word{number % 7}",
            processed_at=at(chosen.randrange(3000) - 3000),
        )

    def some_filter() -> dict[str, Any]:
        every: dict[str, Any] = {
            "status": chosen.sample(["success", "warning", "error"], chosen.randint(1, 2)),
            "affiliate": chosen.sample(affiliates, chosen.randint(1, 2)),
            "processed_from": at(chosen.randrange(1500) - 3000),
            "processed_to": at(chosen.randrange(1500) - 1500),
            "q": chosen.choice(["K1", "word3", "K", "nothing"]),
            "code": chosen.choice(codes),
        }
        return {name: every[name] for name in chosen.sample(sorted(every), chosen.randint(0, 3))}

    await store_events(*(some(number) for number in range(400)))
    stop = asyncio.Event()

    async def keep_arriving() -> int:
        number = 1000
        while not stop.is_set():
            await store_events(*(some(number + each) for each in range(20)))
            number += 20
            await asyncio.sleep(0)
        return number

    arriving = asyncio.create_task(keep_arriving())
    try:
        for number in range(FILTERS):
            asked = some_filter()
            if number % 10 == 0:
                answer = await operator.get(f"{LOGS}/export.xlsx", params=asked)
                rows = len(sheet_rows(answer, tmp_path, "Logs")) - 1
                summary = sheet_rows(answer, tmp_path, "Summary")
                about = {row[2]: row[1] for row in sheet_rows(answer, tmp_path, "About")}
                assert rows == summary[1][2] == int(about["rows"]) == sum(r[2] for r in summary if r[0] == "Status")
                assert len(sheet_rows(answer, tmp_path, "Errors")) - 1 == int(about["errors"])
            else:
                answer = await operator.get(f"{LOGS}/export.{FORMATS[number % 2 + 1]}", params=asked)
                rows = len(csv_rows(answer)) - 1 if number % 2 == 0 else len(json_rows(answer))
            assert (await audit(operator))[0]["rows"] == rows
    finally:
        stop.set()
        assert await arriving > 1000
    # And at rest, against the database counting by itself.
    for _ in range(FILTERS):
        asked = some_filter()
        keys = [row["id"] for row in json_rows(await operator.get(f"{LOGS}/export.jsonl", params=asked))]
        assert keys == await walked(operator, asked)


async def walked(caller: Caller, asked: dict[str, Any]) -> list[str]:
    """The ids on all pages of a filter."""
    ids: list[str] = []
    params = {**asked, "page_size": 200}
    while True:
        page = (await caller.get(LOGS, params=params)).json()
        ids += [log["id"] for log in page["items"]]
        if page["next_page_token"] is None:
            return ids
        params["page_token"] = page["next_page_token"]


class TestWhoMayExport:
    @pytest.mark.parametrize("format_", FORMATS)
    @pytest.mark.parametrize(
        ("who", "status"),
        [
            ("viewer", 403),
            ("operator", 200),
            ("admin", 200),
            ("bootstrap", 200),
            ("other", 404),
            ("", 401),
        ],
    )
    async def test_by_role(
        self, app: FastAPI, keys: dict[str, str], operator: Caller, who: str, status: int, format_: str
    ) -> None:
        async with Caller(app, keys.get(who)) as client:
            answer = await client.get(f"{LOGS}/export.{format_}")
        assert answer.status_code == status, answer.text
        assert len(await audit(operator)) == (status == 200)

    @pytest.mark.parametrize(("role", "may_export", "status"), [("viewer", True, 200), ("admin", False, 403)])
    async def test_the_right_is_the_keys_own(
        self, app: FastAPI, owning: Database, role: Role, *, may_export: bool, status: int
    ) -> None:
        key = await access_keys.create(owning, "acme", role, "x", may_export=may_export)
        async with Caller(app, key) as client:
            assert (await client.get(f"{LOGS}/export.csv")).status_code == status
            assert (await client.get(LOGS)).status_code == 200

    async def test_the_audit_is_seen_by_readers_of_the_account_only(
        self, app: FastAPI, keys: dict[str, str], operator: Caller, viewer: Caller
    ) -> None:
        await operator.get(f"{LOGS}/export.csv", params={"status": "error"})
        [line] = await audit(viewer)
        assert (line["requested_by"], line["format"], line["filter"]["status"]) == ("o", "csv", ["error"])
        async with Caller(app, keys["other"]) as client:
            assert (await client.get("/api/v1/accounts/globex/exports")).json()["items"] == []

    @pytest.mark.parametrize(
        "statement",
        [f"{what} {table}" for table in ("exports", "export_outcomes") for what in ("DELETE FROM", "TRUNCATE")]
        + ["UPDATE exports SET requested_by = 'x'", "UPDATE export_outcomes SET state = 'done'"],
    )
    @pytest.mark.parametrize("role", ["conexoes_reader", "conexoes_writer", "none"])
    async def test_nobody_changes_the_audit(self, owner: asyncpg.Connection, role: str, statement: str) -> None:
        await owner.execute(f"SET ROLE {role}")  # none: the owner's own
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(statement)

    async def test_a_reader_adds_to_the_audit_of_its_account_only(self, reader: Database) -> None:
        async with reader.recording("globex") as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(
                    "INSERT INTO export_outcomes (account, export_id, state) VALUES ('acme', gen_random_uuid(), 'lost')"
                )


@pytest.mark.parametrize(
    "query",
    [
        {"language": "fr"},
        {"timezone": "Mars/Phobos"},
        {"timezone": "localtime"},
        {"timezone": "../../etc/passwd"},
        {"page_size": "10"},
        {"status": "nope"},
    ],
)
async def test_a_bad_parameter_is_named(operator: Caller, query: dict[str, str]) -> None:
    answer = await operator.get(f"{LOGS}/export.csv", params=query)
    assert answer.status_code == 422
    assert next(iter(query)) in answer.json()["detail"]
    assert await audit(operator) == []


@pytest.mark.parametrize("format_", ["xls", "pdf", "csv.exe", ""])
async def test_another_format_is_not_there(operator: Caller, format_: str) -> None:
    assert (await operator.get(f"{LOGS}/export.{format_}")).status_code == 404


@pytest.mark.parametrize("host", ["evil.example/=1+1", 'x"><script>', "a b", "a\\b", "user@evil.example"])
async def test_a_host_that_is_none_is_not_repeated(operator: Caller, store_events: Store, host: str) -> None:
    await store_events(result())
    answer = await operator.get(f"{LOGS}/export.jsonl", headers={"Host": host})
    assert json_rows(answer)[0]["link"].startswith("http://localhost/acme/price/logs/")


async def test_a_file_has_a_plain_name_and_is_saved(operator: Caller) -> None:
    answer = await operator.get(f"{LOGS}/export.csv")
    name = answer.headers["Content-Disposition"].removeprefix('attachment; filename="').removesuffix('"')
    assert name.startswith("conexoes-acme-price-20")
    assert name.endswith(".csv")
    assert name.isascii()
    assert not set('"/\\\r\n') & set(name)
    assert answer.headers["Cache-Control"] == "no-store"


async def busy_backends(owner: asyncpg.Connection) -> int:
    """Transactions of readers that are open."""
    count: int = await owner.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND state <> 'idle'"
    )
    return count


class TestCutShort:
    """Exports over a real connection, with more rows than the sockets' buffers hold."""

    @pytest.fixture(autouse=True)
    async def _much(self, store_events: Store) -> None:
        for batch in range(4):
            await store_events(
                *(
                    result(f"e{batch}-{n}", key=f"K{batch}-{n}", message="m" * 4000, errors=None, processed_at=at(-n))
                    for n in range(1000)
                )
            )

    @pytest.mark.parametrize("format_", ["csv", "jsonl"])
    async def test_a_stream_whose_database_dies_breaks_the_connection(
        self, app: FastAPI, keys: dict[str, str], owner: asyncpg.Connection, format_: str, operator: Caller
    ) -> None:
        headers = {"Authorization": f"Bearer {keys['operator']}"}
        async with served(app) as address, httpx.AsyncClient(headers=headers) as client:
            with pytest.raises(httpx.RemoteProtocolError):
                async with client.stream("GET", f"{address}{LOGS}/export.{format_}") as answer:
                    assert answer.status_code == 200
                    chunks = answer.aiter_raw()
                    await anext(chunks)
                    await owner.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()"
                    )
                    async for _chunk in chunks:
                        pass
        [line] = await audit(operator)
        assert (line["state"], line["rows"]) == ("failed", None)
        assert line["reason"]

    @pytest.mark.parametrize("format_", ["csv", "jsonl"])
    async def test_a_caller_who_leaves_leaves_nothing_running(
        self, app: FastAPI, keys: dict[str, str], owner: asyncpg.Connection, format_: str, operator: Caller
    ) -> None:
        headers = {"Authorization": f"Bearer {keys['operator']}"}
        async with served(app) as address:
            async with (
                httpx.AsyncClient(headers=headers) as client,
                client.stream("GET", f"{address}{LOGS}/export.{format_}") as answer,
            ):
                await anext(answer.aiter_raw())

            async def ended() -> bool:
                return [each["state"] for each in await audit(operator)] == ["cancelled"]

            async def idle() -> bool:
                return await busy_backends(owner) == 0

            await eventually(ended)
            await eventually(idle)

    async def test_http_1_0_is_refused_for_streams_since_a_cut_file_would_look_whole(
        self, app: FastAPI, keys: dict[str, str]
    ) -> None:
        async with served(app) as address:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
            request = f"GET {LOGS}/export.csv HTTP/1.0\r\nAuthorization: Bearer {keys['operator']}\r\n\r\n"
            writer.write(request.encode())
            answer = (await reader.read()).decode()
            writer.close()
        assert " 426 " in answer.partition("\r\n")[0]


@pytest.fixture
async def slow(app: FastAPI, owner: asyncpg.Connection) -> AsyncIterator[None]:
    """Exports that have begun wait for the end of this fixture: their table is locked."""
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("LOCK TABLE attempts IN ACCESS EXCLUSIVE MODE")
    yield
    await transaction.rollback()


async def test_a_caller_that_reads_nothing_holds_no_snapshot_and_gets_everything_later(
    app: FastAPI, keys: dict[str, str], operator: Caller, owner: asyncpg.Connection, store_events: Store
) -> None:
    """Twenty megabytes fill every buffer on the way: without a file between, the database would wait for the caller."""
    long = [{"code": "c", "message": "x" * 520_000}]
    await store_events(*(result(f"e{n}", key=f"SKU-{n}", errors=long) for n in range(40)))
    whole = (await operator.get(f"{LOGS}/export.jsonl")).content
    assert len(whole) > 20_000_000

    async def held() -> int:
        return int(
            await owner.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%'"
                " AND state <> 'idle'"
            )
        )

    async with served(app) as address:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]), limit=1024)
        key = keys["operator"]
        head = f"GET {LOGS}/export.jsonl HTTP/1.1\r\nHost: conexoes.test\r\nAuthorization: Bearer {key}\r\n\r\n"
        writer.write(head.encode())
        assert b" 200 " in await reader.readuntil(b"\r\n\r\n")

        async def let_go() -> bool:
            return await held() == 0

        await eventually(let_go)
        got = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            got += await reader.readexactly(size)
            await reader.readexactly(2)
        writer.close()
    assert got == whole


class TestLimits:
    @pytest.fixture
    def app(self, app: FastAPI) -> FastAPI:
        app.state.exports = ExportDesk(
            app.state.exports.database, ExportSettings(exports_per_account=2, exports_in_all=3)
        )
        return app

    @pytest.mark.usefixtures("slow")
    async def test_too_many_at_once_are_told_which_limit(
        self, app: FastAPI, keys: dict[str, str], operator: Caller, owner: asyncpg.Connection
    ) -> None:
        async with Caller(app, keys["every"]) as every:
            globex = "/api/v1/accounts/globex/price/logs"
            running = [asyncio.create_task(operator.get(f"{LOGS}/export.{each}")) for each in ("csv", "jsonl")]

            async def begun(count: int) -> bool:
                return bool(app.state.exports.slots.running == count)

            await eventually(lambda: begun(2))
            refused = await operator.get(f"{LOGS}/export.csv")
            assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")
            assert "this account" in refused.json()["detail"]
            running.append(asyncio.create_task(every.get(f"{globex}/export.csv")))
            await eventually(lambda: begun(3))
            refused = await every.get(f"{globex}/export.csv")
            assert refused.status_code == 429
            assert "this server" in refused.json()["detail"]
            await owner.execute("ROLLBACK")
            assert [answer.status_code for answer in await asyncio.gather(*running)] == [200] * 3
            await owner.execute("BEGIN")
            assert (await operator.get(f"{LOGS}/export.csv")).status_code == 200
            assert app.state.exports.slots.running == 0
