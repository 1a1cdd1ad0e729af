"""Peers on 127.0.0.1 and ::1: servers, clients, faulty links, recorders. Nothing here leaves this machine.

===============  ==================================================================================
``waits``        one factor for every wait
``recorded``     RecordedSocket: what checks and lessons talk with; ``connecting`` opens one
``failures``     what its calls raise: NoAnswer, EarlyEnd, NotTaken, TooMuch
``server``       background_server: a handler, a thread for each connection
``script``       scripted_peer: the other side, played from ``steps``
``odd_sockets``  one byte a recv, a part of a send
``coalesced``    several messages in one piece; ``resetting``: an end by RST
``tap``          a recorder in front of any server
``udp_link``     a link with ``faults``: loss, duplication, reordering, delay, corruption
``multicast``    answers a multicast group; ``datagram_peer``, on which it stands, answers any datagrams
``listening``    what the listeners share
===============  ==================================================================================

Real services on real libraries, not imported from here, since each needs one: ``asgi`` (uvicorn), ``rest_api``
(FastAPI), ``soap_service`` and ``soap_client`` (lxml, zeep).

Servers, peers, taps and links work from the moment they are made. Use them in a ``with`` block, or call
``close``: either leaves no thread, no socket and no connection behind.
"""

from autograder.loopback import waits
from autograder.loopback.coalesced import send_coalesced
from autograder.loopback.connecting import connect
from autograder.loopback.failures import EarlyEnd, NoAnswer, NotTaken, TooMuch
from autograder.loopback.faults import Counters, Statistics
from autograder.loopback.odd_sockets import OneByteSocket, ShortSendSocket, one_byte, short_send
from autograder.loopback.recorded import RecordedSocket
from autograder.loopback.resetting import reset
from autograder.loopback.script import ScriptedPeer, ScriptStopped, scripted_peer
from autograder.loopback.server import BackgroundServer, background_server, echo
from autograder.loopback.steps import (
    Close,
    End,
    Hold,
    Pause,
    ReceiveExactly,
    ReceiveSlowly,
    ReceiveToEnd,
    Reset,
    Send,
    SendPaced,
    Step,
)
from autograder.loopback.tap import Tap, tap
from autograder.loopback.udp_link import UdpLink

__all__ = [
    "BackgroundServer",
    "Close",
    "Counters",
    "EarlyEnd",
    "End",
    "Hold",
    "NoAnswer",
    "NotTaken",
    "OneByteSocket",
    "Pause",
    "ReceiveExactly",
    "ReceiveSlowly",
    "ReceiveToEnd",
    "RecordedSocket",
    "Reset",
    "ScriptStopped",
    "ScriptedPeer",
    "Send",
    "SendPaced",
    "ShortSendSocket",
    "Statistics",
    "Step",
    "Tap",
    "TooMuch",
    "UdpLink",
    "background_server",
    "connect",
    "echo",
    "one_byte",
    "reset",
    "scripted_peer",
    "send_coalesced",
    "short_send",
    "tap",
    "waits",
]
