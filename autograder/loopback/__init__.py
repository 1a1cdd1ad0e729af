"""Peers on 127.0.0.1 and ::1: servers, clients, faulty links, recorders. Nothing here leaves this machine."""

from autograder.loopback import waits
from autograder.loopback.recorded import EarlyEnd, NoAnswer, NotTaken, RecordedSocket, TooMuch, connect
from autograder.loopback.resetting import reset
from autograder.loopback.script import (
    Close,
    End,
    Hold,
    Pause,
    ReceiveExactly,
    ReceiveSlowly,
    ReceiveToEnd,
    Reset,
    ScriptedPeer,
    ScriptStopped,
    Send,
    SendPaced,
    Step,
    scripted_peer,
)
from autograder.loopback.server import BackgroundServer, background_server, echo

__all__ = [
    "BackgroundServer",
    "Close",
    "EarlyEnd",
    "End",
    "Hold",
    "NoAnswer",
    "NotTaken",
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
    "Step",
    "TooMuch",
    "background_server",
    "connect",
    "echo",
    "reset",
    "scripted_peer",
    "waits",
]
