"""How an exchange of bytes can fail: no answer, an early end, nobody reads, too much came."""


class NoAnswer(TimeoutError):
    """Time was up before the bytes that were asked for had come.

    `partial` holds the bytes that did come, `wanted` how many were asked for (None: everything up to the
    end), `elapsed` the seconds that were waited.
    """

    def __init__(self, partial: bytes, wanted: int | None, elapsed: float) -> None:
        missing = "bytes and no end" if wanted is None else f"of {wanted:,} bytes"
        super().__init__(f"no answer in time: {len(partial):,} {missing} in {elapsed:.2f} s")
        self.partial = partial
        self.wanted = wanted
        self.elapsed = elapsed


class EarlyEnd(EOFError):
    """The other side ended its direction before all bytes had come: `partial` of `wanted`."""

    def __init__(self, partial: bytes, wanted: int) -> None:
        super().__init__(f"the other side ended after {len(partial):,} of {wanted:,} bytes")
        self.partial = partial
        self.wanted = wanted


class NotTaken(TimeoutError):
    """Time was up before the other side had made room for all bytes: it does not read.

    `taken` counts the bytes that left, of `wanted`; some of them may still wait in the kernel's buffers.
    """

    def __init__(self, taken: int, wanted: int, elapsed: float) -> None:
        super().__init__(f"the other side does not read: {taken:,} of {wanted:,} bytes left in {elapsed:.2f} s")
        self.taken = taken
        self.wanted = wanted
        self.elapsed = elapsed


class TooMuch(ValueError):
    """More than `limit` bytes came; `partial` holds the first `limit` of them."""

    def __init__(self, partial: bytes, limit: int) -> None:
        super().__init__(
            f"more than {limit:,} bytes came and no end was in sight: pass a bigger limit if they are right"
        )
        self.partial = partial
        self.limit = limit
