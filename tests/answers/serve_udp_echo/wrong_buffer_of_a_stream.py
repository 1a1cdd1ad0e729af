# fails: test_largest_datagram | byte
import socket


def serve_udp_echo(sock):
    while True:
        try:
            data, sender = sock.recvfrom(65000)
            sock.sendto(data, sender)
        except ConnectionError:
            pass
