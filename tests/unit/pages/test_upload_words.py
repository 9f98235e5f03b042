"""The sentences of the upload page: one for every kind of refusal, so that a new kind is never an error of the page."""

import re
from typing import get_args

from admin.pages.site import TEMPLATES
from exports.excel.marked import RefusalKind


def test_every_refusal_of_a_workbook_has_a_sentence() -> None:
    said = re.findall(r'^  "(\w+)": _\(', (TEMPLATES / "upload.html").read_text(), re.MULTILINE)
    assert sorted(said) == sorted([*get_args(RefusalKind), "elsewhere"])
