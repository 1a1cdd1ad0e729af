# fails: test_malformed | bytes behind the key of a get must not be answered
import socket


def serve_kv(sock):
    store = {}
    while True:
        try:
            data, client = sock.recvfrom(65535)
        except ConnectionError:
            continue
        if len(data) < 6:
            continue
        operation, number, end = data[:1], data[1:5], 6 + data[5]
        key, value = data[6:end], data[end:]
        if not key or len(data) < end:
            continue
        if operation == b"P":
            store[key] = value
            sock.sendto(b"S" + number, client)
        elif operation == b"G":
            if key in store:
                sock.sendto(b"V" + number + store[key], client)
            else:
                sock.sendto(b"N" + number, client)
