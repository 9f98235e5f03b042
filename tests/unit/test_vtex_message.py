"""Messages of VTEX's log contract, and the results that they are."""

import json
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.vtex_logs.message import Message, known_of, message_of, result_of
from schemas import vtex_log as vtex
from schemas.catalogue import BY_NAME, CATALOGUE, PRICE, labels
from schemas.raw_json import RawJson

KNOWN = known_of({}, {})
SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def message(**changes: Any) -> Message:
    """A message as VTEX's page shows one; a change to None leaves the member out."""
    members: dict[str, Any] = {
        "id": "13",
        "Operation": "Price update",
        "Direction": "VTEX to Marketplace",
        "ContentSource": '{"skuId": 42, "basePrice": 10.0}',
        "ContentTranslated": '{"sku": "MKT-42", "price": 10.0}',
        "ContentDestination": '{"error": "below the minimum"}',
        "BusinessMessage": "The price is below the minimum",
        "Status": "Error",
        **changes,
    }
    made = message_of(RawJson(json.dumps({name: value for name, value in members.items() if value is not None})))
    assert made is not None
    return made


def result(integration_type: str = "price", **changes: Any) -> dict[str, Any]:
    return result_of(message(**changes), integration_type, KNOWN)


def test_the_three_contents_are_evidence_as_they_came_and_the_business_message_is_the_message() -> None:
    assert result() == {
        "key": "42",
        "status": "error",
        "operation": "Price update",
        "message": "The price is below the minimum",
        "errors": None,
        "sequence": 13,
        "aliases": None,
        "request": '{"sku": "MKT-42", "price": 10.0}',
        "response": '{"error": "below the minimum"}',
        "ContentSource": '{"skuId": 42, "basePrice": 10.0}',
    }


@pytest.mark.parametrize("name", ["ContentSource", "ContentTranslated", "ContentDestination"])
@pytest.mark.parametrize(
    ("value", "changed"),
    [
        ("19.90", "19.9"),
        ("1e400", "1e401"),
        ('{ "a": 1.0, "a": 1.10 }', '{ "a": 1.0, "a": 1.1 }'),
        ("[9007199254740993.1]", "[9007199254740993.2]"),
        ("0", '"0"'),
    ],
)
def test_a_content_that_is_no_text_stays_as_it_is_written(name: str, value: str, changed: str) -> None:
    made, other = (
        message_of(RawJson(f'{{"id": "13", "Status": "Error", "{name}": {text}}}')) for text in (value, changed)
    )
    assert made is not None
    assert other is not None
    evidence = result_of(made, "price", KNOWN)
    assert RawJson(value) in (evidence["request"], evidence["response"], evidence["ContentSource"])
    assert other.event_id != made.event_id


@pytest.mark.parametrize("value", ["{}", "[ ]", '""', "null"])
def test_an_empty_content_is_no_evidence(value: str) -> None:
    made = message_of(RawJson(f'{{"id": "13", "Status": "Error", "ContentDestination": {value}}}'))
    assert made is not None
    assert result_of(made, "price", KNOWN)["response"] is None


@pytest.mark.parametrize(("word", "name"), vtex.TYPE_OF.items())
def test_every_operation_that_vtex_names_has_a_type_in_any_spelling(word: str, name: str) -> None:
    for spelt in (word, word.upper(), f" {word.lower()} ", word.replace(" ", "_"), word.replace(" ", "")):
        assert message(Operation=spelt).integration_type(KNOWN) == name


def test_every_type_has_operations_of_its_own_and_names_of_its_entity() -> None:
    words = [word for each in CATALOGUE for word in vtex.operations_of(each)]
    assert len(words) == len(set(words))
    assert set(vtex.TYPE_OF.values()) == set(KNOWN.keys) == set(BY_NAME)
    assert all(KNOWN.keys.values())


def test_a_type_that_vtex_has_no_word_for_is_said_by_its_label() -> None:
    returns = replace(PRICE, name="returns", labels=labels("Devoluções", "Returns", "Devoluciones"))
    assert vtex.operations_of(returns) == ("Returns",)


def test_an_operation_of_an_installation_comes_before_the_known_ones_and_an_unknown_one_has_no_type() -> None:
    known = known_of({"Atualização de preço": "price", "Catalog change": "inventory"}, {})
    assert message(Operation="ATUALIZAÇÃO DE PREÇO").integration_type(known) == "price"
    assert message(Operation="catalog change").integration_type(known) == "inventory"
    assert message(Operation="Something else").integration_type(known) is None
    assert message(Operation=None).integration_type(known) is None


@pytest.mark.parametrize("integration_type", CATALOGUE, ids=lambda each: each.name)
@pytest.mark.parametrize("word", [*vtex.STATUS_OF, *(word.title() for word in vtex.STATUS_OF), "ALERT"])
def test_every_status_is_one_of_the_types_and_an_alert_is_never_a_success(integration_type: Any, word: str) -> None:
    made = result(integration_type.name, Status=word)
    wanted = vtex.STATUS_OF[word.lower()]
    if wanted in integration_type.statuses:
        assert (made["status"], made["errors"]) == (wanted, None)
    else:
        alert = {"message": "The price is below the minimum", "severity": "warning"}
        assert (wanted, made["status"], made["errors"]) == ("warning", "error", [alert])


def test_every_status_of_ours_has_a_word_that_is_read_back() -> None:
    ours = {status for each in CATALOGUE for status in each.statuses}
    assert {vtex.STATUS_OF[vtex.STATUSES[status].lower()] for status in ours} == ours


def test_pending_is_told_apart_and_a_foreign_word_is_none() -> None:
    assert [message(Status=word).status for word in ("Pending", "pending", "Done", "", None)] == [
        "pending",
        "pending",
        None,
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("contents", "key"),
    [
        ({"ContentSource": '{"IdSku": "0042", "An": "acme"}'}, "0042"),
        ({"ContentSource": {"sku_id": 42}}, "42"),
        ({"ContentSource": '{"skuId": 12345678901234567890.10}'}, "12345678901234567890.10"),
        ({"ContentSource": "", "ContentTranslated": '[{"offer": {"sellerSku": "A/B 1"}}]'}, "A/B 1"),
        ({"ContentSource": "<feed><SKU>9</SKU></feed>"}, "9"),
        ({"ContentSource": '<ns:item xmlns:ns="x"><ns:SkuId type="n">77</ns:SkuId></ns:item>'}, "77"),
        ({"ContentSource": '{"item": {"skuId": "inner"}, "skuId": "outer"}'}, "outer"),
        ({"ContentSource": '{"refId": "R", "skuId": "S"}'}, "S"),
        ({"Key": " exactly ", "ContentSource": '{"skuId": "S"}'}, " exactly "),
        ({"ContentSource": '{"skuId": {"a": 1}, "sku": ""}', "ContentTranslated": None}, "13"),
        ({"ContentSource": "no payload", "ContentTranslated": "true"}, "13"),
        ({"ContentSource": '{"skuId": "' + "9" * 201 + '"}', "ContentTranslated": None}, "13"),
        ({"ContentSource": "[" * 5000, "ContentTranslated": None}, "13"),
        ({"ContentSource": None, "ContentTranslated": None, "ContentDestination": None}, "13"),
    ],
)
def test_the_entity_is_found_in_the_payloads_or_is_the_message_itself(contents: dict[str, Any], key: str) -> None:
    assert result(**contents)["key"] == key


def test_an_installation_names_the_entity_of_its_payloads() -> None:
    known = known_of({}, {"price": ["codigo_produto"]})
    made = message(ContentSource='{"skuId": 1, "CodigoProduto": "P-1"}')
    assert result_of(made, "price", known)["key"] == "P-1"


def test_an_order_keeps_its_other_name() -> None:
    order = '{"marketplaceOrderId": "2000001", "orderId": "MLB-2000001"}'
    made = result("orders", Operation="Order status update", ContentSource=order)
    assert (made["key"], made["aliases"]) == ("MLB-2000001", {"marketplace_order_id": "2000001"})


def test_the_misspelt_member_of_vtex_example_is_read() -> None:
    assert result(ContentTranslated=None, ContentTransalted="x")["request"] == "x"


def test_a_message_that_is_read_again_is_the_same_event_and_a_changed_one_is_another() -> None:
    first = message(ContentSource={"a": 1, "b": 2}).event_id
    assert first == message(ContentSource={"b": 2, "a": 1}, Age="5 minutes").event_id
    assert first.startswith("13/")
    changed = {"Status": "Success", "BusinessMessage": "x", "ContentDestination": "x", "Operation": "Offer creation"}
    ids = {message(**{name: value}).event_id for name, value in changed.items()}
    assert len(ids | {first, message(id="14").event_id}) == len(changed) + 2


@pytest.mark.parametrize(
    ("members", "at"),
    [
        ({}, None),
        ({"ProcessedAt": "2026-11-28T10:00:00.123456789Z"}, "2026-11-28T10:00:00.123456789Z"),
        ({"createdAt": "2026-11-28T10:00:00-03:00"}, "2026-11-28T10:00:00-03:00"),
        ({"Date": "2026-11-28 10:00:00"}, "2026-11-28T10:00:00-03:00"),
        ({"Timestamp": "20261128T100000"}, "2026-11-28T10:00:00-03:00"),
        ({"DateAt": "2026-11-28"}, None),
        ({"Date": "28/11/2026 10:00"}, None),
        ({"Date": 1_764_000_000}, None),
        ({"ProcessedAt": "no time", "Date": "2026-11-28T10:00:00Z"}, "2026-11-28T10:00:00Z"),
    ],
)
def test_the_time_is_the_one_that_a_message_says(members: dict[str, Any], at: str | None) -> None:
    assert message(**members).at(SAO_PAULO) == at


@pytest.mark.parametrize("value", [None, 1, "text", [], [{}]])
def test_what_is_no_object_is_no_message(value: Any) -> None:
    assert message_of(RawJson(json.dumps(value))) is None


def test_a_huge_payload_is_looked_at_in_part() -> None:
    many = json.dumps([{"a": number} for number in range(20_000)] + [{"skuId": "last"}])
    assert result(ContentSource=many, ContentTranslated=None)["key"] == "13"
