# fails: test_in_a_row | must return None
import socket
import struct


def send_message(sock, message):
    frame = struct.pack("!I", len(message)) + message
    sock.sendall(frame)
    return len(frame)
