"""Routes of the HTTP API that tools use: there is no other way from here to an installation."""

from enum import Enum


class Route(Enum):
    """A method and a path of the API, with the names of its parts in braces."""

    KEY = ("GET", "/api/v1/key")
    SEARCH = ("GET", "/api/v1/accounts/{account}/search")
    LOGS = ("GET", "/api/v1/accounts/{account}/{integration_type}/logs")
    SUMMARY = ("GET", "/api/v1/accounts/{account}/{integration_type}/logs/summary")
    GROUPS = ("GET", "/api/v1/accounts/{account}/{integration_type}/logs/groups")
    SERIES = ("GET", "/api/v1/accounts/{account}/{integration_type}/results/series")
    LOG = ("GET", "/api/v1/accounts/{account}/{integration_type}/logs/{log_id}")
    TIMELINE = ("GET", "/api/v1/accounts/{account}/{integration_type}/logs/{log_id}/timeline")
    PLAN = ("GET", "/api/v1/accounts/{account}/{integration_type}/reprocess-plan")
    COMMAND = ("GET", "/api/v1/accounts/{account}/reprocess/{command_id}")
    ITEMS = ("GET", "/api/v1/accounts/{account}/reprocess/{command_id}/items")
    INCIDENTS = ("GET", "/api/v1/accounts/{account}/incidents")
    WHY_INCIDENT = ("GET", "/api/v1/accounts/{account}/incidents/{incident_id}/why")
    WHY_GROUP = ("GET", "/api/v1/accounts/{account}/{integration_type}/logs/groups/{fingerprint}/why")
    LETTERS = ("GET", "/api/v1/accounts/{account}/dead-letters")
    LETTER_COUNTS = ("GET", "/api/v1/accounts/{account}/dead-letters/summary")
    REPROCESS = ("POST", "/commands/reprocess")
    CANCEL = ("POST", "/commands/reprocess/{command_id}/cancel")

    @property
    def method(self) -> str:
        return self.value[0]

    @property
    def path(self) -> str:
        return self.value[1]
