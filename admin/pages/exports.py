"""The export dialogue: how many rows first, then the file."""

from fastapi import APIRouter

from admin.pages.route import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)
