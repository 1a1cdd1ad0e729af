"""asyncio's own receive and send, run to the end inside a plain function."""

import asyncio
import socket


async def serve(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    while True:
        try:
            data, sender = await loop.sock_recvfrom(sock, 65535)
            await loop.sock_sendto(sock, data, sender)
        except ConnectionError:
            pass


def serve_udp_echo(sock: socket.socket) -> None:
    sock.setblocking(False)
    asyncio.run(serve(sock))
