import asyncio
import json
import socket

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


async def serve_chat(listener: socket.socket) -> None:
    queues: dict[str, asyncio.Queue[str]] = {}

    def put(event: dict[str, object], names: list[str]) -> None:
        text = json.dumps(event)
        for name in names:
            queues[name].put_nowait(text)

    async def deliver(websocket: ServerConnection, queue: asyncio.Queue[str]) -> None:
        try:
            while True:
                await websocket.send(await queue.get())
        except ConnectionClosed:
            return

    async def talk(websocket: ServerConnection) -> None:
        try:
            name = await websocket.recv()
        except ConnectionClosed:
            return
        if not isinstance(name, str):
            return await websocket.close(1003)
        if not name.isalnum() or len(name) > 20:
            return await websocket.close(4000, "bad name")
        if name in queues:
            return await websocket.close(4001, "name taken")
        others = list(queues)
        queues[name] = asyncio.Queue()
        put({"event": "welcome", "names": sorted(queues)}, [name])
        put({"event": "join", "name": name}, others)
        delivering = asyncio.create_task(deliver(websocket, queues[name]))
        try:
            async for text in websocket:
                if isinstance(text, bytes):
                    await websocket.close(1003)
                    break
                put({"event": "message", "name": name, "text": text}, list(queues))
        except ConnectionClosed:
            pass
        finally:
            delivering.cancel()
            del queues[name]
            put({"event": "leave", "name": name}, list(queues))

    async with serve(talk, sock=listener, ping_interval=None, compression=None):
        await asyncio.get_running_loop().create_future()
