# fails: test_empty | nothing was sent
import socket
import struct


def send_message(sock, message):
    if message:
        sock.sendall(struct.pack("!I", len(message)) + message)
