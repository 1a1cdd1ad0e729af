# fails: test_vanished_client | ConnectionRefusedError
import socket


def serve_udp_echo(sock):
    while True:
        data, sender = sock.recvfrom(65535)
        sock.sendto(data, sender)
