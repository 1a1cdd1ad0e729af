# fails: test_leave | leave
import json

from websockets.asyncio.server import broadcast, serve
from websockets.exceptions import ConnectionClosed


async def serve_chat(listener):
    room = {}

    def tell(event, clients):
        broadcast(clients, json.dumps(event))

    async def talk(websocket):
        name = await websocket.recv()
        if isinstance(name, bytes):
            await websocket.close(1003)
            return
        if not name.isalnum() or len(name) > 20:
            await websocket.close(4000)
            return
        if name in room:
            await websocket.close(4001)
            return
        tell({"event": "join", "name": name}, list(room.values()))
        room[name] = websocket
        tell({"event": "welcome", "names": sorted(room)}, [websocket])
        try:
            async for text in websocket:
                if isinstance(text, bytes):
                    await websocket.close(1003)
                    break
                tell({"event": "message", "name": name, "text": text}, list(room.values()))
        finally:
            del room[name]

    async def handle(websocket):
        try:
            await talk(websocket)
        except ConnectionClosed:
            pass

    async with serve(handle, sock=listener) as server:
        await server.serve_forever()
