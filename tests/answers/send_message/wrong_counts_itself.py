# fails: test_frame | counts itself
import socket
import struct


def send_message(sock, message):
    sock.sendall(struct.pack("!I", len(message) + 4) + message)
