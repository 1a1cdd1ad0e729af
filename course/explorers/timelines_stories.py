"""The stories that the timelines explorer tells, as calls, segments and events."""

from __future__ import annotations

from collections.abc import Mapping

from .timelines_model import Scenario, Segment, Step, to_client, to_server

CONNECTED = {"listener": "LISTEN", "sock": "ESTABLISHED", "conn": "ESTABLISHED"}

NORMAL = Scenario(
    "normal",
    "A normal exchange",
    "A server opens, a client connects, one request and one reply, and both close.",
    (
        Step(
            "server",
            "listener = socket.socket()",
            "The kernel makes an endpoint and hands out a file descriptor. It has no address and no peer yet.",
            events=(("listener", "socket()"),),
        ),
        Step(
            "server",
            'listener.bind(("127.0.0.1", 0))',
            "The kernel gives it an address. Port 0 asks for any free port. Nothing has been sent, and "
            "nobody can connect: the state is still CLOSED.",
        ),
        Step(
            "server",
            "listener.listen()",
            "Now the kernel answers those who knock, and keeps finished handshakes in a queue. The "
            "program needs to do nothing for that.",
            events=(("listener", "passive open"),),
        ),
        Step(
            "server",
            "conn, peer = listener.accept()",
            "The queue is empty, so the kernel puts the program to sleep until there is a connection to hand out.",
            server="blocks",
        ),
        Step(
            "client",
            "sock = socket.socket()",
            "The client's endpoint. It gets an address of its own when it connects.",
            events=(("sock", "socket()"),),
        ),
        Step(
            "client",
            "sock.connect(address)",
            "The kernel picks a free port and sends SYN, with the first sequence number. The program "
            "sleeps. The server's kernel makes a second, new endpoint for this connection; the "
            "listener stays LISTEN.",
            client="blocks",
            segments=to_server("SYN"),
            events=(("sock", "active open"), ("conn", "receive SYN")),
        ),
        Step(
            "kernels",
            "",
            "The server's kernel answers with its own SYN and acknowledges the client's. For the "
            "client the connection is open: `connect` returns, although the server's program has not "
            "done anything yet.",
            client="connect returns",
            segments=to_client("SYN, ACK"),
            events=(("sock", "receive SYN, ACK"),),
        ),
        Step(
            "kernels",
            "",
            "The third segment of the handshake. The new connection enters the listener's queue, and "
            "`accept` wakes up and takes it out.",
            server="accept returns conn",
            segments=to_server("ACK"),
            events=(("conn", "receive ACK of SYN"),),
        ),
        Step(
            "server",
            "conn.recv(4096)",
            "The receive buffer is empty and the client has not ended its side: the program sleeps.",
            server="blocks",
        ),
        Step(
            "client",
            'sock.send(b"ping")',
            "The kernel copies four bytes into the send buffer and returns 4 at once. The segment "
            "leaves when TCP says so, here immediately.",
            client="returns 4",
            segments=to_server("4 bytes, ACK"),
        ),
        Step(
            "kernels",
            "",
            "The bytes lie in the server's receive buffer, and `recv` wakes up. The kernel "
            "acknowledges them, by itself or together with the next data. Data changes no state.",
            server="recv returns b'ping'",
            segments=to_client("ACK"),
        ),
        Step(
            "server",
            'conn.send(b"pong")',
            "The same in the other direction: copied, sent.",
            server="returns 4",
            segments=to_client("4 bytes, ACK"),
        ),
        Step(
            "client",
            "sock.recv(4096)",
            "The bytes are there already, so `recv` does not block. It returns the 4 bytes there are "
            "and does not wait for 4096.",
            client="returns b'pong'",
            segments=to_server("ACK"),
        ),
        Step(
            "client",
            "sock.close()",
            "The program gives its descriptor back and goes on. The kernel sends FIN: no more bytes "
            "will come from this side.",
            client="returns",
            segments=to_server("FIN, ACK"),
            events=(("sock", "close"), ("conn", "receive FIN")),
        ),
        Step(
            "kernels",
            "",
            "The server's kernel acknowledges the FIN by itself. CLOSE-WAIT means: the peer is done, "
            "and the kernel waits for its own program to close.",
            segments=to_client("ACK"),
            events=(("sock", "receive ACK of FIN"),),
        ),
        Step(
            "server",
            "conn.recv(4096)",
            "All bytes were read and the FIN is behind them: `recv` returns b''. That is how a program "
            "learns of the end.",
            server="returns b''",
        ),
        Step(
            "server",
            "conn.close()",
            "The server's FIN. In TIME-WAIT the client's kernel keeps the connection's addresses and "
            "ports for twice the maximum segment lifetime (60 seconds on Linux).",
            server="returns",
            segments=to_client("FIN, ACK"),
            events=(("conn", "close"), ("sock", "receive FIN")),
        ),
        Step(
            "kernels",
            "",
            "The last acknowledgement. The server's end is gone. The client's end, which closed first, "
            "is the one that has to wait: if this ACK is lost, somebody must be there to send it "
            "again.",
            segments=to_server("ACK"),
            events=(("conn", "receive ACK of FIN"),),
        ),
        Step(
            "kernels",
            "",
            "Twice the maximum segment lifetime has passed: no old segment can be on its way any more, "
            "and the port is free again. The listener has been listening all the time.",
            events=(("sock", "2 MSL pass"),),
        ),
    ),
)

HALF_CLOSE = Scenario(
    "half-close",
    "A half-close",
    "The client ends its own side with shutdown and still reads the reply. The connection is open already.",
    (
        Step(
            "client",
            'sock.sendall(b"2 + 2")',
            "The request. Nothing in it says where it ends.",
            client="returns",
            segments=to_server("5 bytes, ACK"),
        ),
        Step(
            "client",
            "sock.shutdown(SHUT_WR)",
            "The kernel sends FIN behind the bytes: this side has said all. The socket stays open for "
            "reading, and the descriptor stays the program's.",
            client="returns",
            segments=to_server("FIN, ACK"),
            events=(("sock", "close"), ("conn", "receive FIN")),
        ),
        Step(
            "kernels",
            "",
            "The server's kernel acknowledges bytes and FIN. The client is in FIN-WAIT-2 now, and may "
            "stay there as long as the server has something to say.",
            segments=to_client("ACK"),
            events=(("sock", "receive ACK of FIN"),),
        ),
        Step(
            "client",
            "sock.recv(4096)",
            "Nothing has come yet, so the client sleeps.",
            client="blocks",
        ),
        Step(
            "server",
            "conn.recv(4096)",
            "The request, complete this time. The server can't know that yet.",
            server="returns b'2 + 2'",
        ),
        Step(
            "server",
            "conn.recv(4096)",
            "The end: now the server knows that it has the whole request.",
            server="returns b''",
        ),
        Step(
            "server",
            'conn.sendall(b"4")',
            "In CLOSE-WAIT a program may send as much as it likes: only the other direction is closed.",
            client="recv returns b'4'",
            server="returns",
            segments=to_client("1 byte, ACK"),
        ),
        Step(
            "kernels",
            "",
            "In FIN-WAIT-2 the client still receives and acknowledges.",
            segments=to_server("ACK"),
        ),
        Step(
            "server",
            "conn.close()",
            "The server ends its side too. In TIME-WAIT the client's kernel keeps the connection's "
            "addresses and ports for twice the maximum segment lifetime.",
            server="returns",
            segments=to_client("FIN, ACK"),
            events=(("conn", "close"), ("sock", "receive FIN")),
        ),
        Step(
            "kernels",
            "",
            "The server's end is gone.",
            segments=to_server("ACK"),
            events=(("conn", "receive ACK of FIN"),),
        ),
        Step(
            "client",
            "sock.recv(4096)",
            "The reply is complete as well: its end is the end of the stream.",
            client="returns b''",
        ),
        Step(
            "client",
            "sock.close()",
            "Only the descriptor goes back. Both FINs are sent and acknowledged, so nothing is sent "
            "now, and the kernel finishes TIME-WAIT without the program.",
            client="returns",
        ),
    ),
    CONNECTED,
)

REFUSED = Scenario(
    "refused",
    "Connection refused",
    "A client knocks at a port where nobody listens.",
    (
        Step(
            "client",
            "sock = socket.socket()",
            "An endpoint without an address. Nobody on the server has made one.",
            events=(("sock", "socket()"),),
        ),
        Step(
            "client",
            "sock.connect(address)",
            "SYN goes out as always. The client can't know that nobody is there.",
            client="blocks",
            segments=to_server("SYN"),
            events=(("sock", "active open"),),
        ),
        Step(
            "kernels",
            "",
            "The other machine is up, and its kernel has no listener at that port. It answers with a "
            "reset at once, and the error is immediate. A machine that is off would not answer: then "
            "there is silence, and in the end a timeout.",
            client="ConnectionRefusedError",
            segments=to_client("RST, ACK"),
            events=(("sock", "receive RST"),),
        ),
        Step(
            "client",
            "sock.close()",
            "Nothing to end, nothing to send. The descriptor still has to be given back.",
            client="returns",
        ),
    ),
)

RESET = Scenario(
    "reset",
    "Connection reset",
    "The server closes without reading what the client sent. The connection is open already.",
    (
        Step(
            "client",
            'sock.sendall(b"hello")',
            "Five bytes, copied into the send buffer: success, as far as the client can see.",
            client="returns",
            segments=to_server("5 bytes, ACK"),
        ),
        Step(
            "kernels",
            "",
            "The server's kernel has the bytes and acknowledges them. The server's program has not "
            "read them, and never will.",
            segments=to_client("ACK"),
        ),
        Step(
            "client",
            "sock.recv(4096)",
            "The client waits for a reply.",
            client="blocks",
        ),
        Step(
            "server",
            "conn.close()",
            "Bytes are lost by this close, and TCP does not hide that: RST instead of FIN. Both ends "
            "forget the connection at once. (RFC 9293, section 3.5.2, would rather see the end that resets "
            "in TIME-WAIT; Linux does not do that.)",
            client="ConnectionResetError",
            server="returns",
            segments=to_client("RST, ACK"),
            events=(("conn", "abort"), ("sock", "receive RST")),
        ),
        Step(
            "client",
            'sock.sendall(b"again")',
            "The client's kernel has no connection any more, and refuses without sending anything.",
            client="BrokenPipeError",
        ),
        Step(
            "client",
            "sock.close()",
            "Nothing is sent. The descriptor goes back.",
            client="returns",
        ),
    ),
    CONNECTED,
)

BOTH_AT_ONCE = Scenario(
    "both-close",
    "Both close at once",
    "Two FINs cross on their way. The connection is open already.",
    (
        Step(
            "both",
            "sock.close()   conn.close()",
            "Both programs close at the same moment. Each kernel sends its FIN before the other one's "
            "has arrived: the segments cross.",
            client="sock.close()",
            server="conn.close()",
            segments=(Segment("client", "FIN, ACK"), Segment("server", "FIN, ACK")),
            events=(("sock", "close"), ("conn", "close")),
        ),
        Step(
            "kernels",
            "",
            "Each FIN arrives and is acknowledged. Now each end has seen the other's FIN, and not yet "
            "the acknowledgement of its own: CLOSING.",
            segments=(Segment("client", "ACK"), Segment("server", "ACK")),
            events=(("sock", "receive FIN"), ("conn", "receive FIN")),
        ),
        Step(
            "kernels",
            "",
            "The acknowledgements have arrived. Both ends wait in TIME-WAIT, for neither is the one "
            "that closed second.",
            events=(("sock", "receive ACK of FIN"), ("conn", "receive ACK of FIN")),
        ),
        Step(
            "kernels",
            "",
            "Twice the maximum segment lifetime later both are gone.",
            events=(("sock", "2 MSL pass"), ("conn", "2 MSL pass")),
        ),
    ),
    CONNECTED,
)

SCENARIOS: Mapping[str, Scenario] = {
    scenario.key: scenario for scenario in (NORMAL, HALF_CLOSE, REFUSED, RESET, BOTH_AT_ONCE)
}
