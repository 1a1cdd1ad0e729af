"""asyncio collects every reply with its time; counting comes afterwards."""

import asyncio
import time
from typing import Any


class Collector(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.came: list[tuple[float, bytes, tuple[str, int]]] = []

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.came.append((time.monotonic(), data, addr))


async def measure(host: str, port: int, count: int, timeout: float) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    transport, collector = await loop.create_datagram_endpoint(Collector, local_addr=("127.0.0.1", 0))
    sent = {}
    for number in range(count):
        probe = f"probe {number} of {id(collector)}".encode()
        sent[probe] = time.monotonic()
        transport.sendto(probe, (host, port))
    await asyncio.sleep(timeout)
    transport.close()
    first: dict[bytes, float] = {}
    replies = 0
    for when, data, addr in collector.came:
        if addr == (host, port) and data in sent and when <= sent[data] + timeout:
            replies += 1
            first.setdefault(data, when - sent[data])
    times = sorted(first.values())
    return {
        "sent": count,
        "received": len(times),
        "lost": count - len(times),
        "duplicates": replies - len(times),
        "rtt_min": times[0] if times else None,
        "rtt_mean": sum(times) / len(times) if times else None,
        "rtt_max": times[-1] if times else None,
    }


def ping(host: str, port: int, count: int, timeout: float) -> dict[str, Any]:
    return asyncio.run(measure(host, port, count, timeout))
