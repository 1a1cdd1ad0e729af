# fails: test_sums | without its fraction
import json


def compute(line):
    request = json.loads(line)
    if not isinstance(request, dict) or request.get("op") not in ["+", "-", "*", "/"]:
        raise ValueError("no request")
    op, a, b = request["op"], request.get("a"), request.get("b")
    if not isinstance(a, (int, float)) or not isinstance(b, (int, float)):
        raise ValueError("no numbers")
    answer = {"id": request.get("id")}
    try:
        answer["result"] = a + b if op == "+" else a - b if op == "-" else a * b if op == "*" else a // b
    except ZeroDivisionError:
        answer["error"] = "division by zero"
    return answer


def converse(conn):
    rest = b""
    while data := conn.recv(4096):
        *lines, rest = (rest + data).split(b"\n")
        try:
            for line in lines:
                conn.sendall(json.dumps(compute(line)).encode() + b"\n")
            if len(rest) > 65536:
                raise ValueError("too long")
        except ValueError as error:
            conn.sendall(json.dumps({"error": str(error)}).encode() + b"\n")
            return


def serve_calculator(listener):
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        try:
            with conn:
                converse(conn)
        except ConnectionError:
            pass
