import io


class Short(ValueError):
    pass


def parse_ethernet(frame: bytes) -> dict:
    stream = io.BytesIO(frame)

    def take(count: int) -> bytes:
        data = stream.read(count)
        if len(data) < count:
            raise Short(f"{count} bytes wanted, {len(data)} left")
        return data

    fields = {"destination": take(6).hex(":"), "source": take(6).hex(":"), "vlan": None}
    kind = take(2)
    if kind == bytes.fromhex("8100"):
        high, low = take(2)
        fields["vlan"] = high % 16 << 8 | low
        kind = take(2)
    more = {"tagged": fields["vlan"] is not None}
    return fields | more | {"ethertype": kind[0] * 256 + kind[1], "payload": stream.read()}
