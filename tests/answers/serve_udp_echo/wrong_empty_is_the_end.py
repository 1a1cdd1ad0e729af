# fails: test_empty_datagram | serve_udp_echo has returned
import socket


def serve_udp_echo(sock):
    while True:
        try:
            data, sender = sock.recvfrom(65535)
            if not data:
                break
            sock.sendto(data, sender)
        except ConnectionError:
            pass
