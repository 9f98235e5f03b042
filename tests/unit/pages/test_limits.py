"""Limits of the fields of forms: each from the model that reads the field, and none in a template."""

import re

from admin.pages.limits import MOST
from admin.pages.site import TEMPLATES

_LIMIT = re.compile(r"""maxlength\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+))""", re.IGNORECASE)


def test_every_limit_of_a_form_is_that_of_its_model() -> None:
    found = {
        (path.name, "".join(each.groups(default="")))
        for path in TEMPLATES.rglob("*.html")
        for each in _LIMIT.finditer(path.read_text())
    }
    named = {f"{{{{ most.{name} }}}}" for name in MOST} | {"{{ search_characters }}"}
    assert [each for each in sorted(found) if each[1] not in named] == []
    assert named == {each[1] for each in found}
