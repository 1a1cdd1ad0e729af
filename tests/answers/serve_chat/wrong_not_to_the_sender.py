# fails: test_talk | its sender is in the room
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
                others = [one for one in room.values() if one is not websocket]
                tell({"event": "message", "name": name, "text": text}, others)
        finally:
            del room[name]
            tell({"event": "leave", "name": name}, list(room.values()))

    async def handle(websocket):
        try:
            await talk(websocket)
        except ConnectionClosed:
            pass

    async with serve(handle, sock=listener) as server:
        await server.serve_forever()
