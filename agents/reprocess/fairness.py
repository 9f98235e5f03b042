"""Divides room between lanes: in equal parts, and what one does not need goes to the others (max-min fairness).

It divides between accounts first, then between the commands of an account, then between a command's affiliates. A
person's single reprocess is among the next to be sent, whatever else is under way.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

from storage.reprocess.claims import BucketName, Lane

K = TypeVar("K", bound=Hashable)


def fair(room: int, demands: Sequence[int], turn: int = 0) -> list[int]:
    """Return parts of `room` that are as equal as the demands allow, none above its demand.

    The remainder goes to those from `turn` on, so that over many turns nobody is always first.
    """
    parts = [0] * len(demands)
    open_ = [index for index, demand in enumerate(demands) if demand > 0]
    while open_ and room >= len(open_):
        least = min(demands[index] - parts[index] for index in open_)
        each = min(room // len(open_), least)
        for index in open_:
            parts[index] += each
        room -= each * len(open_)
        open_ = [index for index in open_ if parts[index] < demands[index]]
    for offset in range(min(room, len(open_))):
        parts[open_[(turn + offset) % len(open_)]] += 1
    return parts


def share(
    lanes: Sequence[Lane],
    room: int,
    limits: Mapping[BucketName, int],
    buckets_of: Callable[[Lane], Sequence[BucketName]],
    turn: int = 0,
) -> list[int]:
    """Return how many items of each lane to send: `room` in all at most, and per bucket no more than its limit."""
    wanted = [lane.ready for lane in lanes]
    by_bucket: dict[BucketName, list[int]] = {}
    for index, lane in enumerate(lanes):
        for name in buckets_of(lane):
            by_bucket.setdefault(name, []).append(index)
    for name, members in sorted(by_bucket.items()):
        for index, part in zip(members, _nested(lanes, members, wanted, limits[name], turn), strict=True):
            wanted[index] = part
    return _nested(lanes, range(len(lanes)), wanted, room, turn)


def _nested(lanes: Sequence[Lane], members: Sequence[int], wanted: Sequence[int], room: int, turn: int) -> list[int]:
    """Return the parts of `room` for the lanes `members`, in their order."""
    parts = dict.fromkeys(members, 0)
    accounts = _grouped(members, lambda index: lanes[index].account)
    for account, of_account in zip(
        accounts, fair(room, [sum(wanted[index] for index in each) for each in accounts], turn), strict=True
    ):
        commands = _grouped(account, lambda index: lanes[index].command_id)
        for command, of_command in zip(
            commands, fair(of_account, [sum(wanted[index] for index in each) for each in commands], turn), strict=True
        ):
            for index, part in zip(command, fair(of_command, [wanted[index] for index in command], turn), strict=True):
                parts[index] = part
    return [parts[index] for index in members]


def _grouped(members: Sequence[int], key: Callable[[int], K]) -> list[list[int]]:
    groups: dict[K, list[int]] = {}
    for index in members:
        groups.setdefault(key(index), []).append(index)
    return list(groups.values())
