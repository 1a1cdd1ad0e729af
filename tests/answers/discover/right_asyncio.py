"""asyncio's datagram protocol fills a set while the function sleeps."""

import asyncio
import socket


class Answers(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.found: set[tuple[str, str, int]] = set()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        word, _, name = data.partition(b" ")
        try:
            text = str(name, "utf-8")
        except UnicodeDecodeError:
            return
        if word == b"HERE" and text:
            self.found.add((text, addr[0], addr[1]))


async def ask(group: str, port: int, seconds: float) -> list[tuple[str, str, int]]:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
    sock.setblocking(False)
    sock.bind(("127.0.0.1", 0))
    transport, answers = await asyncio.get_running_loop().create_datagram_endpoint(Answers, sock=sock)
    transport.sendto(b"WHO?", (group, port))
    await asyncio.sleep(seconds)
    transport.close()
    return sorted(answers.found)


def discover(group: str, port: int, seconds: float) -> list[tuple[str, str, int]]:
    return asyncio.run(ask(group, port, seconds))
