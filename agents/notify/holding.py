"""Holds back what a maintenance window silences that was made after a message was planned, or that one came into while
it waited for another try.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from schemas.notification.rule import Rule, Window, due
from storage.database import Connection, clock
from storage.notifications.outbox import LeasedChannel, Waiting, put_off, take_out
from storage.notifications.planning import InForce, edges_told, put_into_digest, rules_in_force, windows_in_force


async def not_held(connection: Connection, channel: LeasedChannel, waiting: Sequence[Waiting]) -> list[Waiting]:
    """Return the messages that may be sent now. The others are put off until after maintenance, by their rules."""
    of_rules = [each for each in waiting if each.rule_id is not None]
    now = await clock(connection)
    accounts = {channel.account}
    windows = [each for _, each in await windows_in_force(connection, accounts, now)] if of_rules else []
    if not any(each.begin <= now for each in windows):
        return list(waiting)
    rules = {each.rule_id: each for each in await rules_in_force(connection, accounts) if each.channel_id == channel.id}
    free: list[Waiting] = []
    for each in waiting:
        if each.rule_id is None:
            free.append(each)
            continue
        # Of a rule that is gone, or has lost the channel, what waits is told at any hour.
        gone = InForce(channel.account, each.rule_id, Rule(name="-"), channel.id, channel.reader)
        free += await _not_held(connection, each, rules.get(each.rule_id, gone), windows, now)
    return free


async def _not_held(
    connection: Connection, waiting: Waiting, by: InForce, windows: Sequence[Window], now: datetime
) -> Iterable[Waiting]:
    """Return the message, or what of a digest may be sent; nothing of what is put off."""
    tolds = await edges_told(connection, waiting.edge_ids)
    held = [
        (told, due(by.rule, windows, by.reader.zone, now, told.about))
        for told in tolds
        if any(each.has(now, told.about) for each in windows)
    ]
    if not held:
        return [waiting]
    if waiting.content is None:  # a digest, of which the rest is sent
        for told, when in held:
            await put_into_digest(connection, told, by, when.at)
        left = await take_out(connection, by.account, waiting, [told.edge_id for told, _ in held])
        return [waiting._replace(edge_ids=left)]
    if len(held) < len(tolds):
        return [waiting]  # a digest that was tried is not changed any more
    await put_off(connection, by.account, waiting, max(when.at for _, when in held))
    return []
