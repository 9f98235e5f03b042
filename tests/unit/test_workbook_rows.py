"""Rows of the workbook's sheet of errors: the group of each error."""

import json
import random

from exports.excel.advice import Adviser
from exports.excel.rows import WorkbookRows, errors_of
from schemas.columns import ERROR_COLUMNS
from schemas.export import ExportOrder
from schemas.playbook import Playbook
from schemas.result import Result
from tests.support.some_logs import faults, some_result

ORDER = ExportOrder(
    account="acme",
    integration_type="price",
    format="xlsx",
    requested_by="maria",
    key_id=None,
    public_url="http://conexoes.test",
)
GROUP = [column.name for column in ERROR_COLUMNS].index("fingerprint")


def sheet(result: Result) -> list[list[object]]:
    row = {**result._asdict(), "id": result.log_id}
    return WorkbookRows(ORDER, Adviser(Playbook(), "price", "pt")).errors(
        row, json.loads(result.body).get("errors") or []
    )


def test_the_fields_of_an_error_are_texts_of_the_digits_that_came() -> None:
    texts = errors_of({"errors": '[{"code":1.50, "message":null,"own":1e400},"only a text",{"code":"\\u00e9"}]'})
    assert texts == [{"code": "1.50", "own": "1e400"}, {}, {"code": "é"}]
    assert errors_of({"errors": None}) == []


def test_each_error_is_beside_the_group_that_it_is_in() -> None:
    # One of several without a message of its own had that of the result, which the sheet does not know.
    drawn = [some_result(random.Random(number), number) for number in range(200)]
    several = 0
    for each in drawn:
        told = faults(each.body)
        own = [fault.get("message") for fault in json.loads(each.body).get("errors") or [{}]]
        expected = [
            fault.fingerprint if message or len(told) == 1 else None for fault, message in zip(told, own, strict=False)
        ]
        assert [row[GROUP] for row in sheet(each)] == expected
        several += len(told) > 1
    assert several > 20
