# fails: test_empty_datagram | passed over
import socket


def serve_udp_echo(sock):
    while True:
        try:
            data, sender = sock.recvfrom(65535)
            if data:
                sock.sendto(data, sender)
        except ConnectionError:
            pass
