"""Assignment 14: WebSockets, from the handshake's bytes to messages.

===============  ==============================================================
``frames``       writes frames of every sort, the forbidden ones included
``heads``        request heads, and the answers to them as h11 reads them
``refusals``     asks ``decode_frame`` for an error and its close code
``reading``      feeds a ``MessageReader`` and compares the events, in words
``conformance``  cases and runner of the WebSocket conformance suite
``suite``        plays cases of it against a learner's server
``chatting``     a client of the chat, written from frames
===============  ==============================================================
"""

ASSIGNMENT = "14-websockets"
PRELOAD = ("websockets.asyncio.server",)
