"""Assignment 01: reading what is on the wire, layer by layer.

===============  ====================================================================
``frames``       real frames for the checks: made by scapy, or recorded
``make_frames``  writes ``frames``
``variants``     the frames with other addresses, numbers and payloads, for each seed its own
``fields``       compares what an answer says with what is right, in words
``refusal``      asks for ValueError, and says what was wrong with the input
``arithmetic``   the Internet checksum by another road than the one the exercise asks
===============  ====================================================================
"""

ASSIGNMENT = "01-osi-model"
