"""Record the captures of this folder again: `sudo .venv/bin/python course/captures/record.py [NAME…]`.

Linux, root, and the `ip` command of iproute2 are needed. Nothing leaves the machine: three network
namespaces are made, used and deleted, and only what our own programs say in them is recorded.

    client                  wire (this program forwards)                   server
    192.0.2.1    c0 ─────── c1 ═══ forwards, pads, records ═══ s1 ─────── s0    192.0.2.2
    2001:db8::1                    t0 ─────── t1  the trunk                     2001:db8::2

The cable in the middle is a program: it takes each frame from one side (AF_PACKET), does what the
hardware would do, and puts it on the other side. Two things are done there because a virtual cable
leaves them out:

* a frame shorter than 60 bytes is padded with zero bytes, as a network card does (IEEE 802.3: a frame
  has at least 64 bytes, 4 of them the check sequence, which no capture shows);
* for "vlan" the two ends act as two switches with access ports in VLAN 10: the 802.1Q tag is put in
  before the trunk and taken out behind it. The recording is taken on the trunk. (A kernel with the
  8021q module could do this with a sub-interface; the module is often absent, this works anywhere.)

Every recorded frame was then accepted by the other side's kernel, or its conversation would have failed.
"""

from __future__ import annotations

import ctypes
import os
import select
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from scapy.utils import RawPcapWriter
from websockets.sync.client import connect as websocket_connect
from websockets.sync.server import ServerConnection
from websockets.sync.server import serve as websocket_serve

FOLDER = Path(__file__).resolve().parent
CLIENT, WIRE, SERVER = (f"onion-{role}-{os.getpid()}" for role in ("client", "wire", "server"))
# RFC 5737 and RFC 3849 keep these addresses for documentation; 02:… is a locally administered MAC.
CLIENT4, SERVER4 = "192.0.2.1", "192.0.2.2"
CLIENT6, SERVER6 = "2001:db8::1", "2001:db8::2"
MACS = {CLIENT: "02:00:00:00:00:01", SERVER: "02:00:00:00:00:02"}
VLAN = 10
SHORTEST = 60  # bytes of a frame without its check sequence, IEEE 802.3 clause 3.2.8
SIZES = (1, 10, 100, 1000, 10_000, 100_000)  # message sizes of "sizes", in bytes
QUESTION = b"\x05onion\x07example\x00" + struct.pack("!HH", 28, 1)  # AAAA IN, RFC 1035 section 4.1.2

# Linux numbers that the socket module does not have.
CLONE_NEWNET = 0x40000000
PACKET_AUXDATA, SOL_PACKET, PACKET_OUTGOING = 8, 263, 4
TP_STATUS_VLAN_VALID = 1 << 4
SIOCETHTOOL, ETHTOOL_STXCSUM = 0x8946, 0x17


def run(*command: str) -> None:
    """Run a command; its error ends the recording."""
    subprocess.run(command, check=True)


@contextmanager
def inside(namespace: str) -> Iterator[None]:
    """Sockets that this thread makes in the block belong to the namespace (setns, Linux)."""
    libc = ctypes.CDLL(None, use_errno=True)
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/var/run/netns/{namespace}", os.O_RDONLY)
    try:
        if libc.setns(there, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter the namespace {namespace}")
        try:
            yield
        finally:
            libc.setns(here, CLONE_NEWNET)
    finally:
        os.close(here)
        os.close(there)


def no_checksum_offload(interface: str) -> None:
    """Let the kernel write TCP and UDP checksums itself; a virtual card would leave them unfinished."""
    import fcntl  # absent on Windows, where the rest of this file can still be imported

    command = ctypes.create_string_buffer(struct.pack("II", ETHTOOL_STXCSUM, 0))
    request = struct.pack("16sP", interface.encode(), ctypes.addressof(command))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        fcntl.ioctl(handle, SIOCETHTOOL, request.ljust(40, b"\0"))


@contextmanager
def network() -> Iterator[None]:
    """The three namespaces and three virtual cables, deleted at the end."""
    made = []
    try:
        for namespace in (CLIENT, WIRE, SERVER):
            run("ip", "netns", "add", namespace)
            made.append(namespace)
        for end, namespace in (("c", CLIENT), ("s", SERVER)):
            run(
                "ip",
                "link",
                "add",
                f"{end}0",
                "netns",
                namespace,
                "type",
                "veth",
                "peer",
                "name",
                f"{end}1",
                "netns",
                WIRE,
            )
        run("ip", "link", "add", "t0", "netns", WIRE, "type", "veth", "peer", "name", "t1", "netns", WIRE)
        # The switches have no addresses and stay silent; the hosts skip IPv6 autoconfiguration, so that
        # nothing but our programs speaks.
        for interface in ("c1", "s1", "t0", "t1"):
            run("ip", "-n", WIRE, "link", "set", interface, "addrgenmode", "none", "up")
        for namespace, interface, four, six in (
            (CLIENT, "c0", CLIENT4, CLIENT6),
            (SERVER, "s0", SERVER4, SERVER6),
        ):
            run("ip", "-n", namespace, "link", "set", interface, "address", MACS[namespace])
            with inside(namespace):
                no_checksum_offload(interface)
                # Without time stamps an empty acknowledgement has 54 bytes, and the padding shows.
                Path("/proc/sys/net/ipv4/tcp_timestamps").write_text("0")
            run("ip", "-n", namespace, "link", "set", interface, "addrgenmode", "none", "up")
            run("ip", "-n", namespace, "address", "add", f"{four}/24", "dev", interface)
            run("ip", "-n", namespace, "address", "add", f"{six}/64", "dev", interface, "nodad")
        yield
    finally:
        for namespace in made:
            run("ip", "netns", "delete", namespace)


class Cable:
    """Forwards frames between the two hosts and keeps a copy of each."""

    def __init__(self, *, trunk: bool = False) -> None:
        """With `trunk`, frames cross the trunk with a VLAN tag, and are recorded there."""
        self.frames: list[tuple[float, bytes]] = []
        self._ports: dict[str, socket.socket] = {}
        self._trunk = trunk
        self._stopping = threading.Event()
        self._start = time.monotonic()
        self._thread = threading.Thread(target=self._forward)

    def __enter__(self) -> Cable:
        with inside(WIRE):
            for name in ("c1", "s1", "t0", "t1"):
                port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))  # 3 is ETH_P_ALL
                port.bind((name, 0))
                port.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
                self._ports[name] = port
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        time.sleep(0.2)  # the last frame of a closing connection
        self._stopping.set()
        self._thread.join()
        for port in self._ports.values():
            port.close()

    def _forward(self) -> None:
        other = {"c1": "t0", "t1": "s1", "s1": "t1", "t0": "c1"} if self._trunk else {"c1": "s1", "s1": "c1"}
        names = {port: name for name, port in self._ports.items()}
        while not self._stopping.is_set():
            for port in select.select(list(names), [], [], 0.05)[0]:
                frame = received_frame(port)
                name = names[port]
                if frame is None or name not in other:
                    continue
                if name in ("c1", "s1"):
                    frame = frame.ljust(SHORTEST, b"\0")
                    if self._trunk:
                        frame = frame[:12] + struct.pack("!HH", 0x8100, VLAN) + frame[12:]
                    else:
                        self._keep(frame)
                else:
                    self._keep(frame)
                    frame = frame[:12] + frame[16:]
                self._ports[other[name]].send(frame)

    def _keep(self, frame: bytes) -> None:
        self.frames.append((time.monotonic() - self._start, frame))


def received_frame(port: socket.socket) -> bytes | None:
    """One frame that arrived at a port, None for one that we sent ourselves.

    Linux takes a VLAN tag out of an arriving frame and reports it beside (struct tpacket_auxdata), so
    it is put back in here, as every capture program does.
    """
    frame, ancillary, _, address = port.recvmsg(65536, socket.CMSG_SPACE(20))
    if address[2] == PACKET_OUTGOING:
        return None
    for _, kind, data in ancillary:
        if kind == PACKET_AUXDATA:
            status, _, _, _, _, tag, tag_type = struct.unpack("IIIHHHH", data[:20])
            if status & TP_STATUS_VLAN_VALID:
                frame = frame[:12] + struct.pack("!HH", tag_type or 0x8100, tag) + frame[12:]
    return frame


def listening(port: int) -> socket.socket:
    """A TCP listener on the server."""
    with inside(SERVER):
        return socket.create_server((SERVER4, port))


def connected(port: int, own_port: int) -> socket.socket:
    """A TCP connection from the client, from a fixed port of its own."""
    with inside(CLIENT):
        return socket.create_connection((SERVER4, port), timeout=5, source_address=(CLIENT4, own_port))


def datagram(namespace: str, family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    """A bound UDP socket."""
    with inside(namespace):
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.settimeout(5)
        sock.bind((address, port))
        return sock


@contextmanager
def in_background(work: Callable[[], None]) -> Iterator[None]:
    """Run the other side of a conversation in a thread, and wait for its end."""
    thread = threading.Thread(target=work)
    thread.start()
    yield
    thread.join()


def receive_to_end(sock: socket.socket) -> int:
    """Receive until the other side ends; the number of bytes."""
    total = 0
    while data := sock.recv(65536):
        total += len(data)
    return total


def talk_http() -> None:
    """One request, one response, both written by hand (RFC 9112)."""
    body = b"Hello from layer 7.\n"

    def serve() -> None:
        conn, _ = listener.accept()
        with conn:
            conn.recv(4096)
            conn.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                b"Content-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body)
            )

    with listening(80) as listener, in_background(serve), connected(80, 40001) as client:
        client.sendall(b"GET /onion HTTP/1.1\r\nHost: onion.example\r\nConnection: close\r\n\r\n")
        receive_to_end(client)


def talk_dns() -> None:
    """Where is onion.example? Query and answer written by hand (RFC 1035 section 4, AAAA: RFC 3596)."""
    query = struct.pack("!HHHHHH", 0x1A2B, 0x0100, 1, 0, 0, 0) + QUESTION
    # 0xC00C points back to the name at offset 12; time to live 300 s.
    answer = struct.pack("!HHHIH", 0xC00C, 28, 1, 300, 16) + socket.inet_pton(socket.AF_INET6, SERVER6)
    response = struct.pack("!HHHHHH", 0x1A2B, 0x8580, 1, 1, 0, 0) + QUESTION + answer
    with (
        datagram(SERVER, socket.AF_INET6, SERVER6, 53) as server,
        datagram(CLIENT, socket.AF_INET6, CLIENT6, 40053) as client,
    ):
        client.sendto(query, (SERVER6, 53))
        _, sender = server.recvfrom(512)
        server.sendto(response, sender)
        client.recv(512)


def talk_vlan() -> None:
    """One datagram and its echo."""
    with (
        datagram(SERVER, socket.AF_INET, SERVER4, 7) as server,
        datagram(CLIENT, socket.AF_INET, CLIENT4, 40007) as client,
    ):
        client.sendto(b"a message in VLAN 10", (SERVER4, 7))
        message, sender = server.recvfrom(512)
        server.sendto(message, sender)
        client.recv(512)


def talk_tls() -> None:
    """The first message of a TLS client; our server only knows how to refuse it (RFC 8446 section 6)."""
    context = ssl.create_default_context()

    def serve() -> None:
        conn, _ = listener.accept()
        with conn:
            conn.recv(4096)
            # Content type alert, record version, 2 bytes: fatal, handshake_failure.
            conn.sendall(bytes([21, 3, 3, 0, 2, 2, 40]))

    with listening(443) as listener, in_background(serve), connected(443, 40443) as client:
        try:
            context.wrap_socket(client, server_hostname="onion.example")
        except ssl.SSLError:
            pass


def talk_websocket() -> None:
    """Opening handshake, one text message, its echo, closing handshake, by the websockets library."""

    def echo(connection: ServerConnection) -> None:
        for message in connection:
            connection.send(message)

    with listening(8765) as listener:
        server = websocket_serve(echo, sock=listener, compression=None, server_header=None)
        with in_background(server.serve_forever):
            client = connected(8765, 40765)
            with websocket_connect(
                f"ws://{SERVER4}:8765/", sock=client, compression=None, user_agent_header=None, proxy=None
            ) as connection:
                connection.send("Hello, frame!")
                connection.recv(timeout=5)
            server.shutdown()


def talk_sizes() -> None:
    """One message of each size, one connection each; the client's port says which: 41000, 41001, …"""

    def serve() -> None:
        for _ in SIZES:
            conn, _ = listener.accept()
            with conn:
                receive_to_end(conn)

    with listening(9) as listener, in_background(serve):
        for index, size in enumerate(SIZES):
            with connected(9, 41000 + index) as client:
                client.sendall(b"x" * size)
                client.shutdown(socket.SHUT_WR)
                receive_to_end(client)


def is_arp(frame: bytes) -> bool:
    return frame[12:14] == b"\x08\x06"


def is_ip(frame: bytes) -> bool:
    """IPv4, tagged or not."""
    return frame[12:14] == b"\x08\x00" or frame[12:14] + frame[16:18] == b"\x81\x00\x08\x00"


def is_udp_over_ipv6(frame: bytes) -> bool:
    """Leaves out what IPv6 says to find its neighbours (ICMPv6)."""
    return frame[12:14] == b"\x86\xdd" and frame[20] == 17


# name -> (conversation, which frames are kept, bytes kept of each)
CAPTURES: dict[str, tuple[Callable[[], None], Callable[[bytes], bool], int]] = {
    "arp": (talk_vlan, is_arp, 65535),
    "http": (talk_http, is_ip, 65535),
    "dns": (talk_dns, is_udp_over_ipv6, 65535),
    "vlan": (talk_vlan, is_ip, 65535),
    "tls": (talk_tls, is_ip, 65535),
    "websocket": (talk_websocket, is_ip, 65535),
    "sizes": (talk_sizes, is_ip, 64),
}


def record(name: str) -> None:
    """Hold one conversation and write it as a pcap file; its clock starts at 0."""
    talk, wanted, keep = CAPTURES[name]
    for namespace in (CLIENT, SERVER):
        run("ip", "-n", namespace, "neighbour", "flush", "all")
    with Cable(trunk=name == "vlan") as cable:
        talk()
    kept = [(moment, frame) for moment, frame in cable.frames if wanted(frame)]
    writer = RawPcapWriter(str(FOLDER / f"{name}.pcap"), linktype=1, endianness="<")
    writer.write_header(None)
    for moment, frame in kept:
        writer.write_packet(
            frame[:keep],
            sec=int(moment),
            usec=int(moment % 1 * 1_000_000),
            caplen=min(keep, len(frame)),
            wirelen=len(frame),
        )
    writer.close()
    print(f"{name:10} {len(kept):4} frames {sum(len(frame) for _, frame in kept):7} bytes on the wire")


def main(names: list[str]) -> int:
    """Record the captures named, or all."""
    if unknown := [name for name in names if name not in CAPTURES]:
        print(f"No capture is called {unknown[0]}; there are {', '.join(CAPTURES)}.")
        return 2
    if sys.platform != "linux" or os.geteuid() != 0:
        print("Recording needs Linux and root: it makes network namespaces. The lessons do not need it.")
        return 2
    with network():
        for name in names or CAPTURES:
            record(name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
