"""Registration of the pages in the admin app."""

import asyncio

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from admin.ended_sessions import EndedSessions
from admin.issuer import Issuer
from admin.pages import (
    activity,
    affiliates,
    check,
    correction,
    corrections,
    dead_letters,
    exports,
    groups,
    home,
    incidents,
    ledger,
    live,
    log,
    logs,
    notifications,
    oidc,
    overview,
    palette,
    people,
    playbook,
    redrives,
    reprocess,
    saved_views,
    search,
    sign_in,
    styleguide,
    upload,
)
from admin.pages.route import bug, refused
from admin.pages.site import Site
from admin.person_sessions import PersonSessions
from admin.rate import WRONG_KEY_BURST, WRONG_KEYS_PER_SECOND, Rate
from admin.session import Sessions
from api.fairness import MAX_STREAMS, Places

#: Modules of pages, in the order in which addresses are matched.
PAGES = (
    home,
    sign_in,
    oidc,
    styleguide,
    overview,
    search,
    palette,
    redrives,
    dead_letters,
    check,
    affiliates,
    playbook,
    incidents,
    notifications,
    activity,
    people,
    saved_views,
    live,
    exports,
    upload,
    groups,
    log,
    correction,
    corrections,
    reprocess,
    ledger,
    logs,
)


def add_pages(app: FastAPI, sessions: Sessions, stop: asyncio.Event | None, issuer: Issuer | None = None) -> None:
    """Every page; last of all routes. No two are of the same address: admin.pages.paths keeps names apart."""
    app.state.site = Site(sessions, stop, public_url=app.state.exports.settings.public_url)
    app.state.ended_sessions = EndedSessions(app.state.writer)
    app.state.person_sessions = PersonSessions(app.state.writer, sessions, issuer)
    app.state.streams = Places(MAX_STREAMS, 0)
    app.state.wrong_keys = Rate(WRONG_KEYS_PER_SECOND, WRONG_KEY_BURST)
    app.add_exception_handler(Exception, bug)
    app.add_exception_handler(HTTPException, refused)
    for each in PAGES:
        app.include_router(each.router)
