# fails: test_one_datagram | must come from the address that was asked
import socket


def serve_udp_echo(sock):
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    while True:
        try:
            data, sender = sock.recvfrom(65535)
            out.sendto(data, sender)
        except ConnectionError:
            pass
