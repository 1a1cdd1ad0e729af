import asyncio
import json

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

PATIENCE = 0.5


async def serve_chat(listener):
    room = {}
    tasks = set()

    async def send(websocket, text):
        try:
            await asyncio.wait_for(websocket.send(text), PATIENCE)
        except (ConnectionClosed, TimeoutError):
            websocket.transport.abort()  # it does not read: it can come again

    def tell(event, *names):
        text = json.dumps(event)
        for name in names:
            task = asyncio.ensure_future(send(room[name], text))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    async def handler(websocket):
        name = None
        try:
            async for message in websocket:
                if isinstance(message, bytes):
                    await websocket.close(1003)
                elif name is not None:
                    tell({"event": "message", "name": name, "text": message}, *room)
                elif not message.isalnum() or len(message) > 20:
                    await websocket.close(4000)
                elif message in room:
                    await websocket.close(4001)
                else:
                    name = message
                    others = list(room)
                    room[name] = websocket
                    tell({"event": "welcome", "names": sorted(room)}, name)
                    tell({"event": "join", "name": name}, *others)
        except ConnectionClosed:
            pass
        if name is not None:
            del room[name]
            tell({"event": "leave", "name": name}, *room)

    async with serve(handler, sock=listener) as server:
        await server.wait_closed()
