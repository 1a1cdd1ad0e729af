"""asyncio's own accept, receive and send, run to the end inside a plain function."""

import asyncio
import socket


async def converse(conn: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    with conn:
        try:
            while data := await loop.sock_recv(conn, 65536):
                await loop.sock_sendall(conn, data)
        except ConnectionError:
            pass


async def serve(listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    listener.setblocking(False)
    conversations: set[asyncio.Task[None]] = set()
    while True:
        try:
            conn, _ = await loop.sock_accept(listener)
        except OSError:
            return
        task = asyncio.create_task(converse(conn))
        conversations.add(task)
        task.add_done_callback(conversations.discard)


def serve_echo(listener: socket.socket) -> None:
    asyncio.run(serve(listener))
