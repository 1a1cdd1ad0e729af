"""What a kernel answers when it is asked for a function; `autograder.judge.handover` packs it there."""

from __future__ import annotations

import base64
from typing import Any

from autograder.judge import plain

HAND_OVER = "__import__('autograder.judge.handover', fromlist=['hand_over']).hand_over(globals(), {name!r})"
"""The expression that a kernel is asked for."""


class NotHandedOver(Exception):
    """The kernel's own words why there is nothing to be judged."""


def read_payload(answer: dict[str, Any]) -> dict[str, Any]:
    """Read what `handover.hand_over` returned, which learner code may have forged: plain data of the known form.

    Args:
        answer: the kernel's reply to `HAND_OVER` as a user expression (Messaging in Jupyter, execute_reply).

    Raises:
        NotHandedOver: the kernel says why there is nothing.
        ValueError, KeyError, TypeError, AttributeError: it is something else.
    """
    if answer.get("status") != "ok":
        raise NotHandedOver(str(answer.get("evalue", "it was not handed over"))[:1000])
    shown = answer["data"]["text/plain"]
    if not isinstance(shown, str) or shown[:1] != "'" or shown[-1:] != "'":
        raise ValueError("no text, as Python shows it")
    payload = plain.decode(base64.b64decode(shown[1:-1], validate=True))
    sources = {str(name): [str(label), str(text)] for name, (label, text) in payload["sources"].items()}
    if not isinstance(payload["data"], bytes) or payload["form"] != "pickle":
        raise ValueError("not what `pack_object` makes")
    path = [str(entry) for entry in payload["path"]]
    return {"form": "pickle", "data": payload["data"], "sources": sources, "path": path}
