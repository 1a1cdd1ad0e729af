# fails: test_datagrams_stay_apart | is no stream
import select
import socket


def serve_udp_echo(sock):
    while True:
        try:
            message, sender = sock.recvfrom(65535)
            while select.select([sock], [], [], 0)[0]:
                data, other = sock.recvfrom(65535)
                if other == sender:
                    message += data
                else:
                    sock.sendto(data, other)
            sock.sendto(message, sender)
        except ConnectionError:
            pass
