"""What a story of two timelines is, and the TCP state machine that tells its states.

The states are not written down: a scenario is a list of events, and the state machine of
RFC 9293, section 3.3.2, computes the states from them. An event that the machine does not
know in a state is an error, so a scenario can't show what TCP would not do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Side = Literal["client", "server"]

# (state, event) -> state: the arrows of figure 5 in RFC 9293 that these scenarios can take, and its resets
# (section 3.10.7). Events are the user's calls in the RFC's words ("close" is also shutdown(SHUT_WR): both
# send the FIN) and arriving segments.
TRANSITIONS: Mapping[tuple[str, str], str] = {
    ("CLOSED", "passive open"): "LISTEN",
    ("CLOSED", "active open"): "SYN-SENT",
    ("LISTEN", "receive SYN"): "SYN-RECEIVED",
    ("SYN-SENT", "receive SYN, ACK"): "ESTABLISHED",
    ("SYN-SENT", "receive RST"): "CLOSED",
    ("SYN-RECEIVED", "receive ACK of SYN"): "ESTABLISHED",
    ("ESTABLISHED", "close"): "FIN-WAIT-1",
    ("ESTABLISHED", "receive FIN"): "CLOSE-WAIT",
    ("ESTABLISHED", "abort"): "CLOSED",
    ("ESTABLISHED", "receive RST"): "CLOSED",
    ("FIN-WAIT-1", "receive ACK of FIN"): "FIN-WAIT-2",
    ("FIN-WAIT-1", "receive FIN"): "CLOSING",
    ("FIN-WAIT-2", "receive FIN"): "TIME-WAIT",
    ("CLOSING", "receive ACK of FIN"): "TIME-WAIT",
    ("CLOSE-WAIT", "close"): "LAST-ACK",
    ("LAST-ACK", "receive ACK of FIN"): "CLOSED",
    ("TIME-WAIT", "2 MSL pass"): "CLOSED",
}

# The sockets of a scenario, and whose they are.
SOCKETS: Mapping[str, Side] = {"sock": "client", "listener": "server", "conn": "server"}


class Segment(NamedTuple):
    """One segment on its way: who sends it, and what it carries."""

    sender: Side
    carries: str


class Step(NamedTuple):
    """One call, or one thing that the kernels do between two calls.

    `call` is Python, made by `who`; "" where the kernels act alone. `says` explains. `client` and
    `server` are what each program sees now ("blocks", "returns b'ping'"). `events` are
    (socket, event) in order.
    """

    who: Side | Literal["both", "kernels"]
    call: str
    says: str
    client: str = ""
    server: str = ""
    segments: tuple[Segment, ...] = ()
    events: tuple[tuple[str, str], ...] = ()


class Scenario(NamedTuple):
    """A story in steps; `start` are the sockets that exist before the first one, with their states."""

    key: str
    title: str
    summary: str
    steps: tuple[Step, ...]
    start: Mapping[str, str] = {}

    def states(self) -> list[dict[str, str]]:
        """The state of every socket before the first step and after each: one more entry than steps.

        Raises:
            ValueError: for an event that RFC 9293 does not know in that state.
        """
        now = dict(self.start)
        found = [dict(now)]
        for number, step in enumerate(self.steps, 1):
            for name, event in step.events:
                if event == "socket()":
                    now[name] = "CLOSED"
                    continue
                # A connection is born from the listener's state, which itself stays LISTEN.
                state = now.get(name) or now["listener"]
                if (state, event) not in TRANSITIONS:
                    raise ValueError(
                        f"{self.key}, step {number}: {name} is {state}, which knows no {event!r}"
                    )
                now[name] = TRANSITIONS[state, event]
            found.append(dict(now))
        return found


def to_server(carries: str) -> tuple[Segment, ...]:
    """One segment from the client to the server."""
    return (Segment("client", carries),)


def to_client(carries: str) -> tuple[Segment, ...]:
    """One segment from the server to the client."""
    return (Segment("server", carries),)
