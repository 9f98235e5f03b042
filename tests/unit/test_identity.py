"""Ids are the same on every installation and in every version: these are written down."""

import uuid

from schemas import identity

ID = uuid.UUID("5e0c2f5a-6a6e-4d83-9d6a-0d4f2f7f8c11")


def test_ids_are_what_they_always_were() -> None:
    assert identity.log_id("demo", "price", "MLB", "SKU-1") == "ca9adb19dccbf4ddb00af37f953432ff"
    assert identity.result_id("demo", "/s", "e1") == "dbcb6efa6d1e9c76952ddb1a80fbcd0f"
    assert identity.dead_letter_id("t", 3, 7, 0) == "b6e0adb703d2e3b0984a2a4ab2e74feb"
    assert identity.command_id("demo", "key") == "5c0fb974-664b-692c-639b-d76048bf4095"
    assert identity.item_id("demo", "c", ID) == uuid.UUID("af9819dc-4908-1433-ffa0-3d9ec956b0a9")
