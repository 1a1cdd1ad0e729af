"""Requirements of assignment 03: TCP sockets, call by call."""

ASSIGNMENT = "03-tcp-sockets"
