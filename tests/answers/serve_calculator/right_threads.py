"""A thread each; a file in binary mode gives the lines."""

import json
import operator
import socket
import threading

LONGEST = 65_536
OPERATIONS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


def compute(line: bytes) -> dict[str, object]:
    match json.loads(line):
        case {"op": str(op), "a": int() | float() as a, "b": int() | float() as b, **more} if op in OPERATIONS:
            try:
                return {"id": more.get("id"), "result": OPERATIONS[op](a, b)}
            except ArithmeticError as error:
                return {"id": more.get("id"), "error": str(error)}
    raise ValueError("this is no request")


def converse(conn: socket.socket) -> None:
    with conn, conn.makefile("rwb") as stream:
        while line := stream.readline(LONGEST + 2):
            try:
                if len(line.rstrip(b"\r\n")) > LONGEST or not line.endswith(b"\n"):
                    raise ValueError("this is no line")
                answer, go_on = compute(line), True
            except ValueError as error:
                answer, go_on = {"id": None, "error": str(error)}, False
            stream.write(json.dumps(answer).encode() + b"\n")
            stream.flush()
            if not go_on:
                return


def serve_one(conn: socket.socket) -> None:
    try:
        converse(conn)
    except OSError:
        pass


def serve_calculator(listener: socket.socket) -> None:
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=serve_one, args=(conn,), daemon=True).start()
