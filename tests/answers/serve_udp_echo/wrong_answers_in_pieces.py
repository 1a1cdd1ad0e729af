# fails: test_datagrams_stay_apart | one of 512 bytes came
import socket


def serve_udp_echo(sock):
    while True:
        try:
            data, sender = sock.recvfrom(65535)
            for start in range(0, max(len(data), 1), 512):
                sock.sendto(data[start : start + 512], sender)
        except ConnectionError:
            pass
