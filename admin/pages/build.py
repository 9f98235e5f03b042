"""Registration of the pages in the admin app."""

import asyncio

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from admin.pages import (
    affiliates,
    dead_letters,
    exports,
    groups,
    home,
    ledger,
    live,
    log,
    logs,
    overview,
    reprocess,
    saved_views,
    search,
    sign_in,
    upload,
)
from admin.pages.route import bug, refused
from admin.pages.site import Site
from admin.session import Sessions

#: Modules of pages, in the order in which addresses are matched.
PAGES = (
    home,
    sign_in,
    overview,
    search,
    dead_letters,
    affiliates,
    saved_views,
    live,
    exports,
    upload,
    groups,
    log,
    reprocess,
    ledger,
    logs,
)


def add_pages(app: FastAPI, sessions: Sessions, stop: asyncio.Event | None) -> None:
    """Add every page, after all other routes. No two have the same address: admin.pages.paths keeps names apart."""
    app.state.site = Site(sessions, stop)
    app.add_exception_handler(Exception, bug)
    app.add_exception_handler(HTTPException, refused)
    for each in PAGES:
        app.include_router(each.router)
