"""Every tool, in the order in which an assistant meets them."""

from typing import Final

from mcp_server import looking, reprocessing
from mcp_server.answers import (
    FollowedCommand,
    GivenCommand,
    GroupPage,
    LetterPage,
    LogPage,
    LogWithTimeline,
    PlanWithSteps,
)
from mcp_server.arguments import (
    CancelCommand,
    CountLogs,
    CountResults,
    FindEntity,
    FollowCommand,
    GetLog,
    ListDeadLetters,
    ListGroups,
    ListLogs,
    PlanReprocess,
    ReprocessLog,
    ReprocessLogs,
)
from mcp_server.routes import Route
from mcp_server.tool import Tool
from schemas.series import ResultSeries
from schemas.summary import LogSummary

TOOLS: Final[tuple[Tool, ...]] = (
    Tool(
        name="find_entity",
        title="Find an entity",
        arguments=FindEntity,
        answer=LogPage,
        routes=(Route.SEARCH,),
        run=looking.find_entity,
    ),
    Tool(
        name="list_groups",
        title="Groups of equal errors",
        arguments=ListGroups,
        answer=GroupPage,
        routes=(Route.GROUPS,),
        run=looking.list_groups,
    ),
    Tool(
        name="list_logs",
        title="Status logs",
        arguments=ListLogs,
        answer=LogPage,
        routes=(Route.LOGS,),
        run=looking.list_logs,
    ),
    Tool(
        name="count_logs",
        title="Counts of status logs",
        arguments=CountLogs,
        answer=LogSummary,
        routes=(Route.SUMMARY,),
        run=looking.count_logs,
    ),
    Tool(
        name="count_results_over_time",
        title="Results over time",
        arguments=CountResults,
        answer=ResultSeries,
        routes=(Route.SERIES,),
        run=looking.count_results_over_time,
    ),
    Tool(
        name="get_log",
        title="One log with its timeline",
        arguments=GetLog,
        answer=LogWithTimeline,
        routes=(Route.LOG, Route.TIMELINE),
        run=looking.get_log,
    ),
    Tool(
        name="list_dead_letters",
        title="Dead letters",
        arguments=ListDeadLetters,
        answer=LetterPage,
        routes=(Route.LETTERS, Route.LETTER_COUNTS),
        run=looking.list_dead_letters,
    ),
    Tool(
        name="plan_reprocess",
        title="Plan of a reprocess",
        arguments=PlanReprocess,
        answer=PlanWithSteps,
        routes=(Route.PLAN,),
        run=looking.plan_reprocess,
    ),
    Tool(
        name="follow_command",
        title="Follow a command",
        arguments=FollowCommand,
        answer=FollowedCommand,
        routes=(Route.COMMAND, Route.ITEMS),
        run=looking.follow_command,
    ),
    Tool(
        name="reprocess_log",
        title="Reprocess one log",
        arguments=ReprocessLog,
        answer=GivenCommand,
        routes=(Route.LOG, Route.COMMAND, Route.REPROCESS),
        run=reprocessing.reprocess_log,
        is_destructive=True,
    ),
    Tool(
        name="reprocess_logs",
        title="Reprocess many logs, in steps",
        arguments=ReprocessLogs,
        answer=GivenCommand,
        routes=(Route.PLAN, Route.COMMAND, Route.REPROCESS),
        run=reprocessing.reprocess_logs,
        is_destructive=True,
    ),
    Tool(
        name="cancel_command",
        title="Cancel a command",
        arguments=CancelCommand,
        answer=GivenCommand,
        routes=(Route.CANCEL,),
        run=reprocessing.cancel_command,
        is_destructive=True,
    ),
)
