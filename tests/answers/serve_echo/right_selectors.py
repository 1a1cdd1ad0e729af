"""One thread, non-blocking sockets; what waits for a client is sent before its connection is closed."""

import selectors
import socket

LIMIT = 1 << 20


class Client:
    def __init__(self, conn: socket.socket) -> None:
        self.conn = conn
        self.waiting = bytearray()
        self.ended = False

    def wishes(self) -> int:
        read = selectors.EVENT_READ if not self.ended and len(self.waiting) < LIMIT else 0
        return read | (selectors.EVENT_WRITE if self.waiting else 0)

    def serve(self, events: int) -> None:
        if events & selectors.EVENT_READ:
            data = self.conn.recv(65536)
            self.ended = not data
            self.waiting += data
        if events & selectors.EVENT_WRITE:
            del self.waiting[: self.conn.send(self.waiting)]


def serve_echo(listener: socket.socket) -> None:
    listener.setblocking(False)
    clients: list[Client] = []
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        while True:
            for key, events in selector.select():
                if key.data is None:
                    try:
                        conn, _ = listener.accept()
                    except BlockingIOError:
                        continue
                    except OSError:
                        return
                    conn.setblocking(False)
                    clients.append(Client(conn))
                    selector.register(conn, selectors.EVENT_READ, clients[-1])
                    continue
                client = key.data
                try:
                    client.serve(events)
                except BlockingIOError:
                    continue
                except OSError:
                    client.ended = True
                    client.waiting.clear()
                if client.wishes():
                    selector.modify(client.conn, client.wishes(), client)
                else:
                    selector.unregister(client.conn)
                    client.conn.close()
