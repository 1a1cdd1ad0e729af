# fails: test_in_a_row | BrokenPipeError
import socket
import struct


def send_message(sock, message):
    sock.sendall(struct.pack("!I", len(message)) + message)
    sock.shutdown(socket.SHUT_WR)
