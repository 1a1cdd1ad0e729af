# fails: test_frame | low byte first
import socket
import struct


def send_message(sock, message):
    sock.sendall(struct.pack("<I", len(message)) + message)
