# fails: test_many_senders | its datagram was sent to client 1
import socket


def serve_udp_echo(sock):
    client = None
    while True:
        try:
            data, sender = sock.recvfrom(65535)
            client = client or sender
            sock.sendto(data, client)
        except ConnectionError:
            pass
