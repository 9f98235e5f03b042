"""The choice of groups for a plan: those that are marked in a list of groups, and those that are ticked in its form."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple
from urllib.parse import urlencode

import orjson
from pydantic import ValidationError
from starlette.datastructures import QueryParams

from admin.pages.view import View, read_view
from schemas.filter import ReprocessFilter


def address_of_marked(view: View, besides: str) -> str:
    """Return where marked groups lead to, after the address of their list: their plan; without any the groups again.

    A list of groups has marks as more values of `exclude_fingerprint`, for "all but these", and `besides` has those
    that its filter leaves out anyway.
    """
    kept = tuple(besides.split())
    marked = tuple(each for each in view.filter.exclude_fingerprint if each not in kept)
    meant = view.with_(exclude_fingerprint=kept)
    return f"/reprocess{meant.with_(fingerprint=marked).query()}" if marked else f"/groups{meant.unsorted.query()}"


class NewChoice(NamedTuple):
    """Another choice of groups than that of the plan whose form it came with."""

    view: View  # the list, without the groups that are not taken
    form: dict[str, str]  # what else was filled in, beyond what any plan begins with
    updates: bool  # the plan was asked for; otherwise the form was to be sent

    @property
    def address(self) -> str:
        """Return the address of its plan, from its `?` on. The rest of the form is in it, so that it is there again.

        Who asked for the plan goes on at `update`.
        """
        query = self.view.query()
        form = {"chosen": "true"} | ({} if self.updates else {"unsent": "true"}) | self.form
        return f"{query}{'&' if query else '?'}{urlencode(form)}{'#update' if self.updates else ''}"


def new_choice(fields: Sequence[tuple[str, str]], now: datetime, zone: tzinfo) -> NewChoice | None:
    """Return the choice that a form of a plan makes; None where it is that of its own plan.

    The form lists groups (`shown`), and takes those that are ticked (`take`). `query` is the address of the list that
    it is about, `filter` what would be sent. `update` asks for the plan, whatever the choice.
    """
    given = dict(fields)
    shown = given.get("shown", "").split()
    try:
        before = ReprocessFilter.model_validate(orjson.loads(given.get("filter", ""))).exclude_fingerprint
    except (orjson.JSONDecodeError, ValidationError):
        return None
    taken = {value for name, value in fields if name == "take"}
    after = [*(each for each in before if each not in shown), *(each for each in shown if each not in taken)]
    updates = "update" in given
    if not updates and set(after) == set(before):
        return None
    view = read_view(QueryParams(given.get("query", "").lstrip("?")), now, zone)
    return NewChoice(view.with_(exclude_fingerprint=tuple(after)), _filled_in(given), updates)


def _filled_in(given: Mapping[str, str]) -> dict[str, str]:
    """Return how, how fast, when and why of a form, without what any plan begins with.

    "All at once" is kept where the plan began with steps (`usual`): else nobody chose it, and a larger plan of the next
    choice begins with steps.
    """
    plain = {"mode": "refresh", "when": "now"} | ({"release": "all"} if given.get("usual") == "all" else {})
    names = ("mode", "release", "when", *(["not_before"] if given.get("when") == "at" else []), "reason")
    return {name: given[name] for name in names if given.get(name, "").strip() and given[name] != plain.get(name)}
