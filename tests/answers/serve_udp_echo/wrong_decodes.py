# fails: test_one_datagram | UnicodeDecodeError
import socket


def serve_udp_echo(sock):
    while True:
        try:
            data, sender = sock.recvfrom(65535)
            sock.sendto(data.decode().encode(), sender)
        except ConnectionError:
            pass
