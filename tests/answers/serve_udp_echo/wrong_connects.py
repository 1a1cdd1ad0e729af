# fails: test_many_senders | 0 of 30 bytes came
import socket


def serve_udp_echo(sock):
    while True:
        try:
            data, sender = sock.recvfrom(65535)
            sock.connect(sender)
            sock.send(data)
        except ConnectionError:
            pass
