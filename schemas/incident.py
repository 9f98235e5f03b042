"""Incidents: one thing that goes wrong, with a beginning and an end. Its kinds, states and edges."""

from enum import StrEnum


class Kind(StrEnum):
    """Kinds of incidents."""

    FAILURE_SHARE = "failure_share"
    NEW_FAULT = "new_fault"
    GROUP_ESCALATES = "group_escalates"
    SILENCE = "silence"
    BREAKER_OPENED = "breaker_opened"
    DEAD_LETTERS_RISE = "dead_letters_rise"
    REPROCESS_STOPPED = "reprocess_stopped"


class State(StrEnum):
    """States of an incident."""

    OPEN = "open"
    ESCALATED = "escalated"
    RESOLVED = "resolved"


class Edge(StrEnum):
    """Changes of an incident that people are told of."""

    OPENED = "opened"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    REOPENED = "reopened"
