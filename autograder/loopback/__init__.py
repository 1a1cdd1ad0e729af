"""Peers on 127.0.0.1 and ::1: servers, clients, faulty links, recorders. Nothing here leaves this machine."""

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
