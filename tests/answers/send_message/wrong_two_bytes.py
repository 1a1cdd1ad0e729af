# fails: test_frame | 2 bytes
import socket
import struct


def send_message(sock, message):
    sock.sendall(struct.pack("!H", len(message) % 65536) + message)
