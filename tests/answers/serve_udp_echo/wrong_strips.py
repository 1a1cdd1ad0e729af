# fails: test_one_datagram | byte
import socket


def serve_udp_echo(sock):
    while True:
        try:
            data, sender = sock.recvfrom(65535)
            sock.sendto(data.strip(), sender)
        except ConnectionError:
            pass
