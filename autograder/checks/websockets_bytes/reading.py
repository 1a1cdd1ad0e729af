"""Feeds a ``MessageReader`` and compares the events; a failure tells everything that was fed before."""

from collections.abc import Sequence

from autograder.checks.osi_model.fields import a, shown
from autograder.judge.learner import Learner

Event = tuple[object, ...]


class Reading:
    """One reader in the learner's process, and the story of what it was fed.

    Args:
        learner: the fixture.
        arguments: those of MessageReader.
    """

    def __init__(self, learner: Learner, *arguments: object) -> None:
        self._reader = learner.keep(*arguments)
        self._story: list[str] = []

    def feed(self, data: bytes) -> list[Event]:
        """Feed some bytes and return the events, whose shape is looked at.

        Raises:
            AssertionError: the answer is no list of tuples that begin with a name.
        """
        got = self._reader.call("feed", data)
        assert isinstance(got, list), f"feed must return a list of events, got {a(got)}"
        for event in got:
            fits = isinstance(event, list | tuple) and event and isinstance(event[0], str)
            assert fits, f"an event must be a tuple that begins with its name, got {a(event)}"
        return [tuple(event) for event in got]

    def expect(self, told: str, data: bytes, *expected: Event) -> list[Event]:
        """Feed some bytes and see that exactly these events come; return them.

        Args:
            told: the bytes in words, for the report.
            data: the bytes.
            expected: the events; of an error only the name and the code.
        """
        got = self.feed(data)
        self.compare(told, got, expected)
        return got

    def compare(self, told: str, got: Sequence[Event], expected: Sequence[Event]) -> None:
        """See that the events are these; `told` is added to the story.

        Raises:
            AssertionError: with the story, the expected events and those that came.
        """
        self._story.append(told)
        if [_without_reason(event) for event in got] == [tuple(event) for event in expected] and all(map(_typed, got)):
            return
        right = ", ".join(_event(event) for event in expected)
        came = ", ".join(_event(event) for event in got)
        raise AssertionError(f"fed {', then '.join(self._story)}: the last must give [{right}], got [{came}]")


def _without_reason(event: Event) -> Event:
    """An event to be compared: the reason of an error is in the learner's own words."""
    return event[:2] if event[0] == "error" and len(event) == 3 and isinstance(event[2], str) else event


def _typed(event: Event) -> bool:
    """Is the content of an event of the type that its name promises? A bytearray equals bytes, and is none."""
    return event[0] == "text" or not any(isinstance(part, bytearray) for part in event)


def _event(event: Event) -> str:
    """An event as a literal; of an expected error the reason is left open."""
    if event[0] == "error" and len(event) == 2:
        return f"('error', {event[1]}, ...)"
    return f"({', '.join(shown(part) for part in event)})"
