"""Puts the pages into the admin app."""

import asyncio

from fastapi import FastAPI

from admin.pages import (
    dead_letters,
    exports,
    home,
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
from admin.pages.route import bug
from admin.pages.site import Site
from admin.session import Sessions


def add_pages(app: FastAPI, sessions: Sessions, stop: asyncio.Event | None) -> None:
    """Every page; last of all routes, since an account may have almost any name."""
    app.state.site = Site(sessions, stop)
    app.add_exception_handler(Exception, bug)
    # Parts of a list page before the list; a command before the list of an account that is called like one.
    for each in (
        home,
        sign_in,
        overview,
        search,
        dead_letters,
        saved_views,
        live,
        exports,
        upload,
        log,
        reprocess,
        logs,
    ):
        app.include_router(each.router)
