"""Registration of the pages in the admin app."""

import asyncio

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from admin.account_health import Healths
from admin.issuer import Issuer
from admin.known_sessions import KnownSessions
from admin.pages import (
    activity,
    affiliates,
    banners,
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
    sessions,
    sign_in,
    styleguide,
    upload,
    why,
)
from admin.pages.route import bug, refused
from admin.pages.site import Site
from admin.person_sessions import PersonSessions
from admin.pulse import Pulse
from admin.rate import WRONG_KEY_BURST, WRONG_KEYS_PER_SECOND, Rate
from admin.session import Sessions
from api.fairness import MAX_STREAMS, Places

#: Modules of pages, in the order in which addresses are matched.
PAGES = (
    home,
    sign_in,
    sessions,
    oidc,
    styleguide,
    overview,
    search,
    palette,
    redrives,
    dead_letters,
    check,
    affiliates,
    banners,
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
    why,
    log,
    correction,
    corrections,
    reprocess,
    ledger,
    logs,
)


def add_pages(app: FastAPI, signer: Sessions, stop: asyncio.Event | None, issuer: Issuer | None = None) -> None:
    """Every page; last of all routes. No two are of the same address: admin.pages.paths keeps names apart."""
    app.state.site = Site(signer, stop, public_url=app.state.exports.settings.public_url)
    app.state.known_sessions = KnownSessions(app.state.writer, signer)
    app.state.person_sessions = PersonSessions(app.state.writer, signer, issuer)
    app.state.pulse = Pulse(app.state.reader)
    app.state.account_health = Healths(app.state.reader)
    app.state.streams = Places(MAX_STREAMS, 0)
    app.state.wrong_keys = Rate(WRONG_KEYS_PER_SECOND, WRONG_KEY_BURST)
    app.add_exception_handler(Exception, bug)
    app.add_exception_handler(HTTPException, refused)
    for each in PAGES:
        app.include_router(each.router)
