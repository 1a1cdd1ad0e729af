# fails: test_largest_datagram | recvfrom(1024) cuts off
import socket


def serve_udp_echo(sock):
    while True:
        try:
            data, sender = sock.recvfrom(1024)
            sock.sendto(data, sender)
        except ConnectionError:
            pass
