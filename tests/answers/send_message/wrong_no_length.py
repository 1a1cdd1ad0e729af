# fails: test_frame | without a length
import socket
import struct


def send_message(sock, message):
    sock.sendall(message + b"\n")
