import json

from websockets.asyncio.server import broadcast, serve
from websockets.exceptions import ConnectionClosed


class Room:
    def __init__(self):
        self.members = {}

    def tell(self, event, *, but=None, **more):
        text = json.dumps({"event": event, **more}, ensure_ascii=False)
        broadcast([one for name, one in self.members.items() if name != but], text)

    async def enter(self, websocket):
        try:
            name = await websocket.recv()
            code = self.objection(name)
            if code:
                await websocket.close(code)
                return
        except ConnectionClosed:
            return
        self.members[name] = websocket
        broadcast([websocket], json.dumps({"event": "welcome", "names": sorted(self.members)}))
        self.tell("join", but=name, name=name)
        try:
            while isinstance(text := await websocket.recv(), str):
                self.tell("message", name=name, text=text)
            await websocket.close(1003)
        except ConnectionClosed:
            pass
        del self.members[name]
        self.tell("leave", name=name)

    def objection(self, name):
        if isinstance(name, bytes):
            return 1003
        if not (name.isalnum() and len(name) <= 20):
            return 4000
        return 4001 if name in self.members else None


async def serve_chat(listener):
    async with serve(Room().enter, sock=listener) as server:
        await server.serve_forever()
