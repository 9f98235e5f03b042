"""A whole connector in Python, beside a running `conexoes up`.

KAFKA=127.0.0.1:19092 ACCOUNT=demo AFFILIATE=MINE python -m conexoes_connector.example
"""

import asyncio
import os
import signal

from conexoes_connector import Answer, Connector, Retry, serve_retries

KAFKA = os.environ.get("KAFKA", "127.0.0.1:19092")
ACCOUNT = os.environ.get("ACCOUNT", "demo")
AFFILIATE = os.environ.get("AFFILIATE", "MINE")
PREFIX = os.environ.get("CONEXOES_TOPIC_PREFIX", "conexoes")
GROUP = f"{PREFIX}-example-python"  # all processes of one group share the retries


async def update_price(retry: Retry) -> Answer:
    """Do the work again, and say how it went."""
    return Answer(status="success", message=f"price of {retry.data.key} sent again")


async def main() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Connector(KAFKA, source="/connectors/example-python", topic_prefix=PREFIX) as connector:
        await connector.emit(
            "price", account=ACCOUNT, affiliate=AFFILIATE, key="SKU-1", status="success", operation="update-price"
        )
        await connector.emit(
            "price",
            account=ACCOUNT,
            affiliate=AFFILIATE,
            key="SKU-2",
            status="error",
            operation="update-price",
            message="The marketplace refused the price",
            errors=[
                {
                    "code": "price.below_minimum",
                    "message": "The price 9.90 is below the minimum of 12.00",
                    "field": "price",
                },
                {"code": "item.paused", "message": "The listing is paused", "severity": "warning"},
            ],
            request={"sku": "SKU-2", "price": "9.90"},
            # As text it stays as the marketplace wrote it: json.loads would make 12.0 of 12.00.
            response='{"status":400,"minimum":12.00}',
        )
        # Answers each with its id as `correlationid`, knows one that comes twice, commits after Kafka has the answer,
        # and answers for a handler that raises.
        await serve_retries(connector, {"price": update_price}, affiliates={AFFILIATE}, group=GROUP, stop=stop)


if __name__ == "__main__":
    asyncio.run(main())
