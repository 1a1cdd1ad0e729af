"""asyncio.timeout around a whole conversation."""

import asyncio


async def converse(host: str, port: int, request: bytes, seconds: float) -> bytes:
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(request)
            await writer.drain()
            writer.write_eof()
            return await reader.read()
        finally:
            writer.transport.abort()


def fetch_within(host: str, port: int, request: bytes, seconds: float) -> bytes:
    return asyncio.run(converse(host, port, request, seconds))
