"""Ids are the same on every installation and in every version: these are written down."""

import uuid

from schemas import identity

ID = uuid.UUID("5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11")


def test_ids_are_what_they_always_were() -> None:
    assert identity.log_id("demo", "price", "MLB", "SKU-1") == "ca9adb19dccbf4ddb00af37f953432ff"
    assert identity.result_id("demo", "/s", "e1") == "dbcb6efa6d1e9c76952ddb1a80fbcd0f"
    dead = identity.dead_letter_id("t", 3, 7, 0, timestamp=1_700_000_000_000, key=b"k", value=b"{")
    assert dead == "7212dd78e4cba86d67d86dc1fed2d114"
    assert identity.command_id("demo", "key") == "5c0fb974-664b-692c-639b-d76048bf4095"
    assert identity.item_id("demo", "c", ID) == uuid.UUID("af9819dc-4908-1433-ffa0-3d9ec956b0a9")
    assert identity.automatic_command_id("demo", {ID: 1}) == "3b698e65-3612-9a1c-e623-06e82ab275b1"


def test_another_try_or_log_is_another_automatic_command() -> None:
    other = uuid.UUID(int=1)
    tries: list[dict[uuid.UUID, int]] = [{ID: 1}, {ID: 2}, {other: 1}, {ID: 1, other: 1}, {ID: 1, other: 2}]
    assert len({identity.automatic_command_id("demo", each) for each in tries}) == 5
    assert identity.automatic_command_id("demo", {ID: 1, other: 2}) == identity.automatic_command_id(
        "demo", {other: 2, ID: 1}
    )


def test_another_record_at_the_same_place_is_another_dead_letter() -> None:
    kinds: list[tuple[int, bytes | None, bytes]] = [(1, b"k", b"v"), (2, b"k", b"v"), (1, b"kv", b""), (1, None, b"v")]
    assert len({identity.dead_letter_id("t", 0, 0, 0, timestamp=t, key=k, value=v) for t, k, v in kinds}) == 4
