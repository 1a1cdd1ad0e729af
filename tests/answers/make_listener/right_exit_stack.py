"""An ExitStack closes the socket unless everything went well; the family by ipaddress."""

import contextlib
import ipaddress
import os
import socket


def make_listener(host: str, port: int) -> socket.socket:
    family = {4: socket.AF_INET, 6: socket.AF_INET6}[ipaddress.ip_address(host).version]
    with contextlib.ExitStack() as undo:
        listener = undo.enter_context(socket.socket(family, socket.SOCK_STREAM))
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, True)
        listener.bind((host, port))
        listener.listen(socket.SOMAXCONN)
        undo.pop_all()
        return listener
