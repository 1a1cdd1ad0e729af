# fails: test_frame | decimal digits
import socket
import struct


def send_message(sock, message):
    sock.sendall(b"%d" % len(message) + message)
