"""A chat room with the websockets library, where nobody has to wait for the slow and the broken ones."""

from __future__ import annotations

import socket
from random import Random

from autograder.checks.fixtures import Likely
from autograder.checks.websockets_bytes.chatting import Chatter
from autograder.checks.websockets_bytes.conformance.frames import Frame
from autograder.checks.websockets_bytes.frames import BINARY
from autograder.judge.exercise import exercise, requirement
from autograder.judge.learner import Learner
from autograder.judge.recipes import Listener
from autograder.loopback import NoAnswer

SMALL_BUFFER = 16384
"""Bytes of the buffers between the server and a client that does not read."""

LONG, MANY = 50_000, 40
"""Characters of a text, and how many of them: far more than all buffers on the way hold."""


@exercise
async def serve_chat(listener: socket.socket) -> None: ...


@requirement(
    points=1,
    source="RFC 6455 section 5.6; RFC 8259 section 4",
    hint="One dictionary, room[name] = websocket, that all coroutines see; json.dumps makes the text to send.",
)
def test_talk(learner: Learner, rng: Random, likely: Likely) -> None:
    """Names are welcomed and told to the others, and what one says goes to everybody, the sender too."""
    server = learner.start(Listener())
    first, second = (Chatter(server, name) for name in _names(rng, 2))
    first.joins()
    second.joins(first)
    for speaker in (second, first):
        for text in (f"hello {rng.randrange(10**6)}", 'quotes " and \\ and\nlines', "é € 😀", ""):
            speaker.says(text)
            for one in (first, second):
                try:
                    one.hears(event="message", name=speaker.name, text=text)
                except NoAnswer:
                    likely(one is speaker, "the message went to the others only: its sender is in the room, too")
                    raise
    third = Chatter(server, _names(rng, 1)[0])
    third.joins(first, second)
    for speaker in (third, first, second):
        speaker.says("in this order")
    for one in (first, second, third):
        heard = {_heard(one, (first, second, third)) for _ in range(3)}
        assert heard == {first.name, second.name, third.name}, f"{one.name} must hear all three, it heard {heard}"


@requirement(
    points=1,
    source="RFC 6455 sections 7.4.1 and 7.4.2",
    hint="Judge the name before the room knows of it: await websocket.close(4000), and the coroutine is over.",
    needs="test_talk",
)
def test_names(learner: Learner, rng: Random) -> None:
    """A name that is no name gets a close 4000, one that is taken 4001, no text 1003; the room never hears of it."""
    server = learner.start(Listener())
    first_name, long_name = _names(rng, 2)
    long_name = (long_name * 9)[:20]
    first, second = Chatter(server, first_name), Chatter(server, long_name)
    first.joins()
    second.joins(first)
    for wrong in ("", "two words", "a-b", "tab\t", "x" * 21):
        client = Chatter(server)
        client.says(wrong)
        client.is_closed(4000)
    client = Chatter(server)
    client.says(first_name)
    client.is_closed(4001)
    client = Chatter(server)
    client.sends(Frame(BINARY, first_name.encode() + b"2"))
    client.is_closed(1003)
    capitals = Chatter(server, first_name.upper())  # another name than the small letters
    capitals.joins(first, second)
    first.says("still here")
    for one in (first, second, capitals):
        one.hears(event="message", name=first_name, text="still here")


@requirement(
    points=1,
    source="RFC 6455 section 7.1",
    hint="try … finally around the loop: its last part runs however the client leaves.",
    needs="test_talk",
)
def test_leave(learner: Learner, rng: Random) -> None:
    """When somebody has left, the others are told once, and the name is free again; a binary message gets a 1003."""
    server = learner.start(Listener())
    first, second, third = (Chatter(server, name) for name in _names(rng, 3))
    first.joins()
    second.joins(first)
    third.joins(first, second)
    second.leaves()
    for one in (first, third):
        one.hears(event="leave", name=second.name)
    again = Chatter(server, second.name)
    again.joins(first, third)
    again.sends(Frame(BINARY, b"\x00\x01"))
    again.is_closed(1003)
    for one in (first, third):
        one.hears(event="leave", name=again.name)
    nobody = Chatter(server)
    nobody.leaves()
    for _ in range(2):
        Chatter(server)  # until its handshake is answered, the server has seen to the one before
    third.says("quiet now")
    for one in (first, third):
        one.hears(event="message", name=third.name, text="quiet now")


@requirement(
    points=1,
    source="docs of websockets: broadcasting messages; RFC 9293 section 3.8.6",
    hint="await websocket.send waits while that client's buffers are full. Who else waits then?",
    needs="test_talk",
)
def test_slow_client(learner: Learner, rng: Random, likely: Likely) -> None:
    """A client that stops reading, and one that never sends its name, delay nobody."""
    listener = learner.make(Listener())
    # Small buffers both ways, so that what the slow one has not read is in the server's own hands.
    listener.call("setsockopt", socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BUFFER)
    server = learner.start(listener)
    Chatter(server)  # says nothing, not even its name
    names = _names(rng, 3)
    slow = Chatter(server, names[0], receive_buffer=SMALL_BUFFER)
    slow.joins()
    first, second = Chatter(server, names[1]), Chatter(server, names[2])
    first.says(first.name)
    first.hears(event="welcome", names=sorted(names[:2]))
    second.says(second.name)
    second.hears(event="welcome", names=sorted(names))
    first.hears(event="join", name=second.name)
    for one in (first, second):
        one.may_hear(event="leave", name=slow.name)  # a server may drop it
    for number in range(MANY):
        text = f"{number} ".ljust(LONG, rng.choice("abc"))
        try:
            first.says(text)
            for one in (second, first):
                one.hears(event="message", name=first.name, text=text)
        except (OSError, EOFError):
            likely(number, f"after {number:,} long messages the room fell silent: it waits for one that does not read")
            raise
        except AssertionError as wrong:
            raise AssertionError(_short(str(wrong))) from None


@requirement(
    points=1,
    source="RFC 6455 section 7.1.4; RFC 9293 section 3.5.3",
    hint="ConnectionClosed is raised where you talk to a client that is gone: catch it there, for this client only.",
    needs="test_leave",
)
def test_broken_clients(learner: Learner, rng: Random) -> None:
    """A client whose connection breaks is told of as one that left, and the others go on."""
    server = learner.start(Listener())
    names = _names(rng, 4)
    first, rude, second = (Chatter(server, name) for name in names[:3])
    first.joins()
    rude.joins(first)
    second.joins(first, rude)
    rude.client.reset()
    for one in (first, second):
        one.hears(event="leave", name=rude.name)
    server.connect(title="a client that is gone at once").reset()
    Chatter(server).client.reset()
    ended = Chatter(server, names[3])
    ended.joins(first, second)
    ended.client.send(bytes(Frame(BINARY, b"half"))[:7])
    ended.client.close()
    for one in (first, second):
        one.hears(event="leave", name=ended.name)
    pair = [Chatter(server, name) for name in _names(rng, 2)]
    pair[0].joins(first, second)
    pair[1].joins(first, second, pair[0])
    for one in pair:  # two at once, and words in the same moment
        one.client.reset()
    first.says("who is left?")
    _until(first, first.name, "who is left?")
    _until(second, first.name, "who is left?")


def _names(rng: Random, count: int) -> list[str]:
    """Names that nobody can foresee: letters in front, so that sorting is no accident, and digits."""
    return [rng.choice("bdfhkmprt") + rng.choice("aeiou") + str(rng.randrange(10**5)) + end for end in "xyzw"[:count]]


def _heard(listening: Chatter, speakers: tuple[Chatter, ...]) -> str:
    """Who said "in this order"; fails for any other message."""
    message = listening.takes()
    names = [one.name for one in speakers]
    known = message.get("event") == "message" and message.get("text") == "in this order" and len(message) == 3
    assert known and message["name"] in names, f"{listening.name} must hear what was said; {message} came"
    return str(message["name"])


def _until(listening: Chatter, name: str, text: str) -> None:
    """Take what comes, leaves among it, until this was said."""
    left = []
    while (message := listening.takes()).get("event") == "leave":
        left.append(message)
    wanted = {"event": "message", "name": name, "text": text}
    assert message == wanted, f"{listening.name} must be sent {wanted}; {message} came"
    while len(left) < 2:
        message = listening.takes()
        assert message.get("event") == "leave", f"two have left, and {listening.name} must be told; {message} came"
        left.append(message)


def _short(words: str) -> str:
    """Words about long texts, cut to what can be read."""
    return words if len(words) <= 400 else f"{words[:200]} … {words[-200:]}"
