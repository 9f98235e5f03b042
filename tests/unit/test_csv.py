"""Lines of a CSV file as spreadsheets read them back, and the heading."""

import csv
import io
from datetime import UTC, datetime

import pytest

from exports.csv import DELIMITERS, csv_heading, csv_line, csv_view, guarded
from exports.names import file_name, log_link
from schemas.catalogue import CATALOGUE, IntegrationType, Language, labels
from schemas.columns import LOG_COLUMNS, MARK, Column, error_columns, log_columns
from schemas.export import ExportFormat, ExportOrder
from tests.support.naughty import TEXTS

DANGEROUS = "=+-@\t\n\r＝＋－＠"
LANGUAGES: tuple[Language, ...] = ("pt", "en", "es")


def order(language: Language = "en", format_: ExportFormat = "csv", command_id: str | None = None) -> ExportOrder:
    return ExportOrder(
        account="acme", integration_type="price", format=format_, language=language, timezone="America/Sao_Paulo",
        requested_by="maria", key_id=None, public_url="https://c.example", command_id=command_id,
    )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_line_is_read_back_as_it_was(language: Language) -> None:
    cells = [*TEXTS.values(), "", "a;b", "a,b", 'a"b', "a\rb", "a\nb"]
    line = csv_line(cells, language)
    assert line.endswith("\n")
    [read] = csv.reader(io.StringIO(line, newline=""), delimiter=DELIMITERS[language])
    assert read == cells


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("a", "a"),
        ("a b", "a b"),
        ("a'b", "a'b"),
        ("a;b", "a;b"),
        ("a,b", '"a,b"'),
        ('"', '""""'),
        ("\r", '"\r"'),
        ("", ""),
    ],
)
def test_only_what_must_be_is_quoted(text: str, quoted: str) -> None:
    assert csv_line([text], "en") == f"{quoted}\n"


@pytest.mark.parametrize("first", DANGEROUS + "'")
def test_what_a_spreadsheet_would_run_has_an_apostrophe(first: str) -> None:
    assert guarded(f"{first}1") == f"'{first}1"
    assert guarded(f"a{first}") == f"a{first}"
    assert guarded("") == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_heading_names_each_column_and_the_zone_of_times(language: Language) -> None:
    heading = csv_heading(order(language)).decode()
    assert heading[0] == "\ufeff"
    cells = heading[1:-1].split(DELIMITERS[language])
    assert len(cells) == len(LOG_COLUMNS)
    assert [cell.endswith(" (America/Sao_Paulo)") for cell in cells] == [
        column.kind == "time" for column in LOG_COLUMNS
    ]
    view = csv_view(order(language), "link")
    assert (view.delimiter, view.timezone, view.link) == (DELIMITERS[language], "America/Sao_Paulo", "link")
    assert view.statuses.keys() == {"success", "warning", "error"}


@pytest.mark.parametrize("integration_type", CATALOGUE, ids=lambda each: each.name)
def test_both_sheets_tell_a_log_by_its_id(integration_type: IntegrationType) -> None:
    for columns in (log_columns(integration_type), error_columns(integration_type)):
        names = [column.name for column in columns]
        assert (names[0], names[-1]) == ("key", "id")
        assert len(set(names)) == len(names)
        assert {column.width for column in columns if column.kind == "time"} <= {24}
        assert all(column.width >= 11 for column in columns)
        assert columns[-1].width >= 36  # a UUID, whole


def test_a_column_is_as_wide_as_it_was_made() -> None:
    assert Column(name="a", labels=labels("a", "b", "c")).width == 16
    assert MARK.width >= len("¿Reprocesar?")


def test_a_file_has_a_name_of_its_own_minute_in_the_zone_of_the_order() -> None:
    at = datetime(2026, 11, 24, 2, 15, 59, tzinfo=UTC)
    assert file_name(order(format_="xlsx"), at) == "conexoes-acme-price-2026-11-23-2315.xlsx"
    assert file_name(order(command_id="c"), at) == "conexoes-acme-price-reprocess-2026-11-23-2315.csv"
    assert log_link(order()) == "https://c.example/acme/price/logs/"


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("UTC", True),
        ("America/Sao_Paulo", True),
        ("GMT", False),
        ("localtime", False),
        ("Mars/Phobos", False),
        ("", False),
    ],
)
def test_a_zone_is_one_that_postgresql_knows_too(name: str, *, known: bool) -> None:
    fields = order().model_dump() | {"timezone": name}
    if known:
        assert ExportOrder.model_validate(fields).timezone == name
    else:
        with pytest.raises(ValueError, match="must be a name of the tz database"):
            ExportOrder.model_validate(fields)
