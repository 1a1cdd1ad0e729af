# fails: test_large | nothing more came
import select
import socket


def serve_echo(listener):
    while True:
        try:
            conn, _ = listener.accept()
        except OSError:
            return
        with conn:
            conn.setblocking(False)
            waiting = b""
            try:
                while True:
                    readable, writable, _ = select.select([conn], [conn] if waiting else [], [])
                    if writable:
                        waiting = waiting[conn.send(waiting):]
                    if readable:
                        data = conn.recv(1048576)
                        if not data:
                            break
                        waiting += data
            except ConnectionError:
                pass
