"""A form of a page as a browser sees it: the fields that it would send, and the tags of its controls."""

from html.parser import HTMLParser

Attributes = dict[str, str | None]


class ShownForm(HTMLParser):
    """The first form of a page with an action, or that whose fields have `about`."""

    def __init__(self, page: str, action: str, about: tuple[str, str] | None = None) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.tags: dict[str, Attributes] = {}  # by name, else by id
        self._open: tuple[str, Attributes] = ("", {})
        self._select = ""
        self._text = ""
        for each in page.split(f'method="post" action="{action}"')[1:]:
            self.fields, self.tags = [], {}
            self.feed("<form" + each.partition("</form>")[0])
            if about is None or about in self.fields:
                return
        raise AssertionError(f"no form for {action} about {about}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, kind = given.get("name") or "", given.get("type")
        self.tags.setdefault(name or given.get("id") or tag, given)
        self._open, self._text = (tag, given), ""
        if tag == "select":
            self._select = name
        elif tag == "input" and (kind not in {"checkbox", "radio"} or "checked" in given):
            self.fields.append((name, (given.get("value") or "") if "value" in given or kind != "checkbox" else "on"))

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        of, given = self._open
        if tag != of:
            return
        if tag == "textarea":
            self.fields.append((given.get("name") or "", self._text.removeprefix("\n")))  # as browsers leave one out
        elif tag == "option":
            value = given.get("value")
            field = (self._select, self._text.strip() if value is None else value)
            if all(name != self._select for name, _value in self.fields):
                self.fields.append(field)  # the first, where none is selected
            elif "selected" in given:
                self.fields[-1] = field
