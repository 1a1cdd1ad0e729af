"""A buffer, split at each newline; one client after another."""

import json
import socket


def compute(line: bytes) -> dict[str, object]:
    request = json.loads(line)
    if not isinstance(request, dict) or request.get("op") not in list("+-*/"):
        raise ValueError("no request")
    a, b = request.get("a"), request.get("b")
    if not isinstance(a, int | float) or not isinstance(b, int | float):
        raise ValueError("no numbers")
    answer = {"id": request.get("id")}
    if request["op"] == "/" and b == 0:
        return answer | {"error": "division by zero"}
    if request["op"] == "/":
        return answer | {"result": a / b}
    return answer | {"result": {"+": a + b, "-": a - b, "*": a * b}[request["op"]]}


def converse(conn: socket.socket) -> None:
    rest = b""
    while data := conn.recv(1024):
        *lines, rest = (rest + data).split(b"\n")
        try:
            for line in lines:
                conn.sendall(json.dumps(compute(line)).encode() + b"\n")
            if len(rest) > 65_536:
                raise ValueError("too long")
        except ValueError as error:
            conn.sendall(json.dumps({"error": f"{error}"}).encode() + b"\n")
            return


def serve_calculator(listener: socket.socket) -> None:
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        try:
            with conn:
                converse(conn)
        except ConnectionError:
            continue
