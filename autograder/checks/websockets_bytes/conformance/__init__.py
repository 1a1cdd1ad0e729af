"""A conformance suite for WebSocket echo servers (RFC 6455): cases as data, and a runner that plays them.

``cases.CASES`` are the cases: what is sent, in raw frames and in which chops, and which outcomes are allowed.
``runner.run(case, address)`` plays one against a server and says ``pass``, ``lenient`` or ``fail``.
"""
