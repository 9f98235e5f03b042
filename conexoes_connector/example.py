"""The whole of a connector: `python -m conexoes_connector.example`, beside a running `conexoes up`."""

import asyncio

from conexoes_connector import Answer, Connector, Retry, serve_retries


async def update_price(retry: Retry) -> Answer:
    """Do the work again, and say how it went."""
    return Answer(status="success", message=f"price of {retry.data.key} sent again")


async def main(
    servers: str = "127.0.0.1:19092", *, stop: asyncio.Event | None = None, prefix: str = "conexoes"
) -> None:
    async with Connector(servers, source="/connectors/example", topic_prefix=prefix) as connector:
        await connector.emit("price", account="demo", affiliate="MLB", key="SKU-1", status="error", message="no price")
        await serve_retries(
            connector, {"price": update_price}, affiliates={"MLB"}, group="example", stop=stop or asyncio.Event()
        )


if __name__ == "__main__":
    asyncio.run(main())
