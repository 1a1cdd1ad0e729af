"""Requirements of assignment 04: messages on a stream that has none."""

ASSIGNMENT = "04-framing"
