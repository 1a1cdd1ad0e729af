# fails: test_sends_everything | send
import socket
import struct


def send_message(sock, message):
    sock.send(struct.pack("!I", len(message)) + message)
