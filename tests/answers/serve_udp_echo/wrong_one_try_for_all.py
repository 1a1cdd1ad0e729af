# fails: test_vanished_client | serve_udp_echo has returned
import socket


def serve_udp_echo(sock):
    try:
        while True:
            data, sender = sock.recvfrom(65535)
            sock.sendto(data, sender)
    except ConnectionError:
        pass
