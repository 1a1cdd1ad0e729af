# fails: test_datagrams_stay_apart | serve_udp_echo has returned
import socket


def serve_udp_echo(sock):
    data, sender = sock.recvfrom(65535)
    sock.sendto(data, sender)
