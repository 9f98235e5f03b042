"""A small account with something of everything, as events."""

from collections.abc import Iterator

from tests.support.events import Event, result

XML = '<?xml version="1.0"?><order id="1"><total currency="BRL">10.90</total><item/></order>'
HTML = "<html><body><h1>502 Bad Gateway</h1><hr>edge-3</body></html>"
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>'
RIGHT_TO_LEFT = "שלום עולם"
MINIMUM = {"code": "price.minimum", "message": "below the minimum", "field": "price"}
#: About 178 kB: the largest evidence that real connectors were seen to send.
LARGE = {"report": [f"line {line}: variation {line * 7} kept as it is, in its order and place" for line in range(2500)]}


def account() -> Iterator[Event]:
    """Logs of all types for `acme`; the key says what each is for."""
    yield result(
        "o1",
        "orders",
        key="1300000001-01",
        message="O SKU 9 não está mapeado",
        errors=[{"code": "order.sku_unmapped", "message": "SKU 9 is not mapped", "field": "items.sku"}],
        request=XML,
        response=HTML,
        aliases={"marketplace_order_id": "2000007001", "shipment_id": "44001"},
    )
    yield result("o2", "orders", key="1300000002-01", status="success", errors=None, message=None)
    yield result("t1", "tracking", key="1300000001-01", status="warning", message="carrier unknown")
    for number in range(1, 8):
        yield result(
            f"p{number}",
            "price",
            key=f"SKU-{number}",
            affiliate="MLB" if number % 2 else "AMZ",
            status="error" if number < 6 else "success",
            errors=[MINIMUM] if number < 6 else None,
            request={"sku": f"SKU-{number}", "price": number},
            response={"status": 400, "body": "no"},
            aliases={"ean": f"78900000{number}"},
        )
    yield result("pr1", "products", key="SKU-1", message=HOSTILE, errors=[{"code": HOSTILE, "message": HOSTILE}])
    yield result(
        "pr2", "products", key="SKU-2", affiliate='A"><b>', message=RIGHT_TO_LEFT, request=HOSTILE, response=HOSTILE
    )
    yield result("i1", "inventory", key="SKU-1", response=LARGE, message="the listing is paused")
