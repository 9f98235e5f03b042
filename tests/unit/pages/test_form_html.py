"""A refused form in the HTML of its page: which one it was, and all of it as it was sent."""

import pytest

from admin.pages.form_html import Fields, find_form
from tests.support.forms import ShownForm

PAGE = """<body><details><summary>New</summary>
<form method="post" action="/acme/a%20b">
<input type="hidden" name="form_token" value="t"><input type="hidden" name="of" value="1">
<input type="hidden" name="as_of" data-moment value="now">
<p><label for="n">Name <b>(short)</b></label><input id="n" name="name" value="before" aria-describedby="note"></p>
<fieldset><legend>Days <span>none: all</span></legend>
<label><input type="checkbox" name="day" value="1" checked> Mon</label>
<label><input type="checkbox" name="day" value="2"> Tue</label></fieldset>
<label>How <select name="how"><option selected>fast</option><option value="s">slow &amp; sure</option></select></label>
<input type="radio" name="end" value="" checked><input type="radio" name="end" value="at">
<input name="at" aria-label="End"><input name="value" value="1"><input name="value" value="2">
<input name="address" data-secret><textarea name="why">before &lt;b&gt;</textarea>
<details><summary>More</summary><input type="checkbox" name="on"></details>
<button name="act" value="go">Go</button></form></details>
<form method="post" action="/acme/a b"><input type="hidden" name="of" value="2"><input name="name"></form>
<form action="/acme/a%20b"><input type="hidden" name="of" value="1"><input name="name"></form></body>"""
SENT = [
    ("form_token", "t"),
    ("of", "1"),
    ("as_of", "then"),
    ("name", '"<i>&amp;'),
    ("day", "2"),
    ("how", "s"),
    ("end", "at"),
    ("at", "x"),
    ("value", "3"),
    ("value", "4"),
    ("address", "SECRET"),
    ("why", "\nfirst </textarea> & last"),
    ("on", "on"),
]


def test_a_form_is_filled_in_as_it_was_sent() -> None:
    form = find_form(PAGE, "/acme/a b", SENT)
    assert form is not None
    page = form.filled_in(SENT, notice="<p>why</p>", faulty={"name", "day"})
    sends = ShownForm(page, "/acme/a%20b")
    shown = {"SECRET": "", "then": "now"}
    assert sends.fields == [(name, shown.get(value, value)) for name, value in SENT]
    assert "SECRET" not in page
    assert page.count("<details open>") == 2
    assert sends.tags["name"]["aria-describedby"] == "note refused"
    assert ["autofocus" in sends.tags[name] for name in ("name", "day")] == [True, False]
    assert page.index("<p>why</p>") == page.index('<form method="post" action="/acme/a%20b">') + 41
    assert page.partition("</form>")[2] == PAGE.partition("</form>")[2]


def test_controls_are_called_by_their_labels() -> None:
    form = find_form(PAGE, "/acme/a b", SENT)
    assert form is not None
    for field, label in (("body.name", "Name"), ("days", "Days"), ("how", "How"), ("at", "End")):
        name = form.name_of(field)
        assert (name and form.label_of(name)) == label, field
    assert form.name_of("of") is None
    assert form.name_of("nothing") is None
    assert form.name_of("") is None


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/acme/a", SENT),
        ("/acme/a b", [("of", "3"), ("name", "x")]),
        ("/acme/a b", [("name", "x")]),
        ("/acme/a b", [*SENT, ("another", "x")]),
        ("/acme/a b", [*SENT, ("of", "2")]),
    ],
)
def test_a_form_about_something_else_is_not_taken_for_it(path: str, sent: Fields) -> None:
    assert find_form(PAGE, path, sent) is None
