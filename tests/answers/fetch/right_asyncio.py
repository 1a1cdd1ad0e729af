"""asyncio's streams, run to the end inside a plain function."""

import asyncio


async def conversation(host: str, port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(request)
        await writer.drain()
        writer.write_eof()
        return await reader.read()
    finally:
        writer.close()


def fetch(host: str, port: int, request: bytes) -> bytes:
    return asyncio.run(conversation(host, port, request))
