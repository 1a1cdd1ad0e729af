"""asyncio's streams, run inside a plain function."""

import asyncio
import json
import socket


def compute(line: bytes) -> dict[str, object]:
    request = json.loads(line.decode())
    try:
        op, a, b = request["op"], request["a"], request["b"]
        a, b = a + 0, b + 0
        if op == "+":
            result = a + b
        elif op == "-":
            result = a - b
        elif op == "*":
            result = a * b
        elif op == "/":
            result = a / b
        else:
            raise ValueError(f"there is no operation {op!r}")
    except ZeroDivisionError:
        return {"id": request.get("id"), "error": "nothing can be divided by 0"}
    except (KeyError, TypeError) as error:
        raise ValueError(f"no request: {error}") from error
    return {"id": request.get("id"), "result": result}


async def converse(conn: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=conn, limit=65_538)
    try:
        while True:
            try:
                line = await reader.readuntil(b"\n")
                answer = compute(line)
            except asyncio.IncompleteReadError:
                return
            except (ValueError, asyncio.LimitOverrunError) as error:
                writer.write(json.dumps({"error": str(error)}).encode() + b"\n")
                await writer.drain()
                return
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def serve(listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    listener.setblocking(False)
    tasks: set[asyncio.Task[None]] = set()
    while True:
        try:
            conn, _ = await loop.sock_accept(listener)
        except OSError:
            return
        task = asyncio.create_task(converse(conn))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


def serve_calculator(listener: socket.socket) -> None:
    asyncio.run(serve(listener))
