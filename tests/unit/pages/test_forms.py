"""Forms of the templates: those that a person fills in stay when they are refused, unless their answer is a page."""

import re
from pathlib import Path

TEMPLATES = Path(__file__).parents[3] / "admin" / "templates"
#: Templates whose forms have an answer that is a page of its own, beside what leads on.
ANSWERED_BY_A_PAGE = {
    "check.html",  # what would become of the event
    "correction.html",  # what will be different
    "corrections.html",  # what will be different, for each row
    "dead_letter.html",  # what would become of the new value
    "plan.html",  # the plan of another choice, and what is missing in it
    "preferences.html",  # the same page in the language that was chosen
    "sign_in.html",  # whoever is not signed in has no page to stay on
    "upload.html",  # the plan of what was marked
    "columns.html",  # boxes to tick alone
    "views.html",  # a name alone, with its limits in the page
}


def test_a_form_that_a_person_fills_in_stays_when_it_is_refused() -> None:
    filled_in, staying = set(), set()
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text()
        for form in re.findall(r'<form[^>]*? method="post".*?</form>', text, re.DOTALL):
            asks = re.search(r'<(?:input(?![^>]*type="hidden")|textarea|select)\b', form) is not None
            if asks and "data-stays" not in form:
                filled_in.add(path.name)
            if "data-stays" in form:
                staying.add(path)
    assert filled_in <= ANSWERED_BY_A_PAGE
    assert {path.name for path in TEMPLATES.rglob("*.html")} >= ANSWERED_BY_A_PAGE
    assert staying
    for path in staying:
        pages = [path] if "parts" not in path.parts else _including(path)
        assert all("asset('forms.js')" in page.read_text() for page in pages), path.name


def _including(part: Path) -> list[Path]:
    return [path for path in TEMPLATES.glob("*.html") if f"parts/{part.name}" in path.read_text()]
