"""A form in the HTML of one of our pages: found by what was sent with it, and filled in with that again."""

from collections import Counter
from collections.abc import Collection, Sequence
from html import escape, unescape
from html.parser import HTMLParser
from itertools import accumulate
from typing import NamedTuple
from urllib.parse import unquote

Fields = Sequence[tuple[str, str]]
#: Hidden fields that every form may have, beside those that say what it is about.
OWN = frozenset({"form_token", "form_page"})
_TICKED = frozenset({"checkbox", "radio"})
_UNTYPED = frozenset({"hidden", "submit", "button", "image", "reset", "file", "password"})


class _Tag(NamedTuple):
    """A start tag of the page."""

    kind: str
    start: int
    end: int
    attributes: dict[str, str | None]
    name: str = ""  # by which its value is sent

    @property
    def type(self) -> str:
        """The kind of an input."""
        return (self.attributes.get("type") or "text") if self.kind == "input" else self.kind

    def with_(self, *without: str, **changed: str | None) -> str:
        """Return the tag with some attributes changed."""
        attributes = {name: value for name, value in self.attributes.items() if name not in without}
        attributes |= {name.replace("_", "-"): value for name, value in changed.items()}
        told = (f" {name}" if value is None else f' {name}="{escape(value)}"' for name, value in attributes.items())
        return f"<{self.kind}{''.join(told)}>"


class Form:
    """One form of a page."""

    def __init__(self, page: str, begins: int, around: Sequence[_Tag]) -> None:
        """`begins`: the place after its start tag; `around`: what must be open for it to be seen."""
        self._page = page
        self._begins = begins
        self.details = list(around)
        self.controls: list[_Tag] = []
        self.labels: dict[str, str] = {}  # by the name of a control, or by its id

    def is_of(self, fields: Fields) -> bool:
        """Return True when these fields can be what was sent with it, about what it is about."""
        hidden = (each for each in self.controls if each.type == "hidden" and each.name not in OWN)
        # What says only of when a page is, is another each time.
        about = Counter(
            (each.name, each.attributes.get("value") or "") for each in hidden if "data-moment" not in each.attributes
        )
        names = {name for name, _value in about}
        known = {each.name for each in self.controls}
        return about == Counter(pair for pair in fields if pair[0] in names) and all(
            name in known for name, _value in fields if name not in OWN
        )

    def name_of(self, field: str) -> str | None:
        """Return the name of the control for a field of a model; None when no control is for it."""
        last = field.rpartition(".")[2]
        seen = {each.name for each in self.controls if each.name and each.type != "hidden"}
        return next((each for each in (last, last.removesuffix("s")) if each in seen), None)

    def label_of(self, name: str) -> str | None:
        """Return the label of a control as the page has it."""
        ids = (each.attributes.get("id") for each in self.controls if each.name == name)
        return next(filter(None, (self.labels.get(each) for each in (*ids, name) if each)), None)

    def filled_in(self, fields: Fields, *, notice: str, faulty: Collection[str]) -> str:
        """Return the page with the form as it was sent, `notice` above it, and the first of `faulty` in focus."""
        edits = [(self._begins, self._begins, notice)]
        edits += [(each.start, each.end, each.with_(open=None)) for each in self.details]
        left: dict[str, list[str]] = {}
        for name, value in fields:
            left.setdefault(name, []).append(value)
        focus = next((each for each in self.controls if each.name in faulty and each.type != "hidden"), None)
        for each in self.controls:
            values = left.get(each.name, [])
            changed: dict[str, str | None] = {"autofocus": None} if each is focus else {}
            if each.name in faulty and each.type not in _TICKED | {"option"}:
                described = filter(None, (each.attributes.get("aria-describedby"), "refused"))
                changed |= {"aria_invalid": "true", "aria_describedby": " ".join(described)}
            if each.type in _TICKED or each.kind == "option":
                mark = "selected" if each.kind == "option" else "checked"
                changed |= {mark: None} if self._value(each) in values else {}
                edits.append((each.start, each.end, each.with_(mark, **changed)))
            elif each.kind == "textarea":
                text = "\n" + escape(values.pop(0)) if values else ""
                edits.append((each.start, self._page.index("</", each.end), each.with_(**changed) + text))
            elif each.kind == "input" and each.type not in _UNTYPED and "data-secret" not in each.attributes and values:
                edits.append((each.start, each.end, each.with_(value=values.pop(0), **changed)))
            elif changed:
                edits.append((each.start, each.end, each.with_(**changed)))
        parts, place = [], 0
        for start, end, text in sorted(edits, key=lambda edit: edit[:2]):
            parts += [self._page[place:start], text]
            place = end
        return "".join(parts) + self._page[place:]

    def _value(self, control: _Tag) -> str:
        given = control.attributes.get("value")
        if given is not None or control.kind != "option":
            return "on" if given is None else given
        return unescape(self._page[control.end : self._page.index("<", control.end)]).strip()


class _Forms(HTMLParser):
    """The forms of a page that are sent to one address."""

    def __init__(self, page: str, path: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._page = page
        self._path = path
        self._lines = [0, *accumulate(len(line) + 1 for line in page.split("\n"))]
        self._details: list[_Tag] = []
        self._form: Form | None = None
        self._select = ""
        self._legend = ""
        self._words: list[str] | None = None  # of the label that is being read
        self._labelled: list[str] = []  # ids and names that it is for
        self.feed(page)
        self.close()

    def handle_starttag(self, kind: str, attributes: list[tuple[str, str | None]]) -> None:
        line, column = self.getpos()
        start = self._lines[line - 1] + column
        given = dict(attributes)
        name = given.get("name") or ""
        tag = _Tag(kind, start, start + len(self.get_starttag_text() or ""), given, name)
        if kind == "details":
            self._details.append(tag)
            if self._form is not None:
                self._form.details.append(tag)
        elif kind == "form" and given.get("method") == "post":
            if unquote((given.get("action") or "").partition("?")[0]) == self._path:
                self._form = Form(self._page, tag.end, tuple(self._details))
        elif self._form is not None:
            self._read(self._form, tag)

    def _read(self, form: Form, tag: _Tag) -> None:
        if tag.kind in {"label", "legend"}:
            self._words, self._labelled = [], [tag.attributes.get("for") or ""]
        elif tag.kind == "fieldset":
            self._legend = ""
        elif tag.kind == "option":
            form.controls.append(tag._replace(name=self._select))
        elif tag.kind in {"input", "select", "textarea", "button"}:
            form.controls.append(tag)
            self._select = tag.name if tag.kind == "select" else self._select
            if label := tag.attributes.get("aria-label") or (self._legend if tag.type in _TICKED else ""):
                form.labels.setdefault(tag.name, label)
            if self._words is not None:
                self._labelled.append(tag.name)

    def handle_data(self, data: str) -> None:
        # The words before anything else that a label has, such as a note.
        if self._words is not None and not "".join(self._words).strip():
            self._words.append(data)

    def handle_endtag(self, kind: str) -> None:
        if kind == "details" and self._details:
            self._details.pop()
        elif self._form is None:
            return
        elif kind == "form":
            self.found.append(self._form)
            self._form = None
        elif kind == "fieldset":
            self._legend = ""
        elif kind in {"label", "legend"} and self._words is not None:
            words = " ".join("".join(self._words).split())
            for each in filter(None, self._labelled):
                self._form.labels.setdefault(each, words)
            self._legend = words if kind == "legend" else self._legend
            self._words = None


def find_form(page: str, path: str, fields: Fields) -> Form | None:
    """Return the form of a page with which fields were sent to an address; None when it has no such form."""
    return next((each for each in _Forms(page, path).found if each.is_of(fields)), None)
