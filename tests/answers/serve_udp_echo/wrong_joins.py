# fails: test_datagrams_stay_apart | is no stream
import select
import socket


def serve_udp_echo(sock):
    while True:
        try:
            message, sender = sock.recvfrom(65535)
            while select.select([sock], [], [], 0)[0]:
                data, sender = sock.recvfrom(65535)
                message += data
            sock.sendto(message, sender)
        except ConnectionError:
            pass
