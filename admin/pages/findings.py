"""Findings as the overview says them, each with its chart and with the one way that leads on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple
from urllib.parse import quote

from admin.pages.histogram import Chart, draw
from admin.pages.incidents import rows_of
from admin.pages.view import View
from schemas.catalogue import Status
from schemas.filter import LogFilter
from schemas.incident import Kind
from schemas.overview.comparison import Comparison, Difference
from schemas.overview.finding import Finding
from schemas.overview.results import AccountResults
from schemas.playbook import Playbook, PlaybookEntry, SeenError
from schemas.policy import Policy

#: Ways on, by the word of their button.
WayName = Literal["list", "plan", "incident", "command"]


class Way(NamedTuple):
    """The one way from a finding to what can be done about it."""

    name: WayName
    address: str
    integration_type: str | None = None  # the one that it leads to, where the finding is about several


class Said(NamedTuple):
    """One finding, with all that its sentence needs."""

    finding: Finding
    chart: Chart | None  # of the last 24 hours: failures, or all that came; None: there were none
    entry: PlaybookEntry | None  # what the playbook knows of its error
    way: Way


class _Hour(NamedTuple):
    from_: datetime
    to: datetime
    by_status: dict[str, int]


def said(
    found: Sequence[Finding],
    last_day: AccountResults,
    *,
    account: str,
    policy: Policy,
    playbook: Playbook,
    may_reprocess: bool,
) -> list[Said]:
    """Return findings as they are shown, in their order. `may_reprocess`: the reader may give commands."""
    shown = []
    for each in found:
        entry = _entry(each, playbook)
        way = _way(each, entry, account, policy, may_reprocess=may_reprocess)
        shown.append(Said(each, _chart(each, last_day), entry, way))
    return shown


def _chart(finding: Finding, last_day: AccountResults) -> Chart | None:
    hours = last_day.of(finding.affiliate, finding.integration_types)
    shown = [{"error": each["error"]} if finding.is_of_failures else dict(each) for each in hours]
    return draw([_Hour(*each) for each in zip(last_day.edges, last_day.edges[1:], shown, strict=False)])


def _entry(finding: Finding, playbook: Playbook) -> PlaybookEntry | None:
    if finding.incident is None:
        return None
    facts, types = finding.incident.facts, finding.integration_types
    if facts.code is None and facts.fingerprint is None:
        return None
    type_ = types[0] if len(types) == 1 else ""
    return playbook.about(SeenError(type_, finding.affiliate or "", code=facts.code, fingerprint=facts.fingerprint))


def _way(finding: Finding, entry: PlaybookEntry | None, account: str, policy: Policy, *, may_reprocess: bool) -> Way:
    """Return the plan where reprocessing helps, the list where all of it is in one, else the incident."""
    incident = finding.about
    if isinstance(incident, Comparison):
        worst, *others = finding.integration_types
        return Way("list", f"/{account}/{worst}{_view(incident).query()}", worst if others else None)
    if incident.kind is Kind.REPROCESS_STOPPED and incident.facts.command_id is not None:
        return Way("command", f"/{account}/reprocess/{quote(incident.facts.command_id, safe='')}")
    rows = rows_of(incident, account, policy)
    if len(rows) != 1 or incident.kind is Kind.BREAKER_OPENED:
        return Way("incident", f"/{account}/incidents/{incident.incident_id}")
    if may_reprocess and rows[0].plan is not None and entry is not None and entry.helps == "yes":
        return Way("plan", rows[0].plan)
    return Way("list", rows[0].address)


def _view(compared: Comparison) -> View:
    """Return the list of what a comparison is about, of the last 24 hours."""
    status: tuple[Status, ...] = () if compared.difference is Difference.FEWER_RESULTS else ("error",)
    return View(filter=LogFilter(affiliate=(compared.affiliate,), status=status), period="24h")
