"""An SMTP server whose every answer comes late, as over a long line.

    python3 slow_sink.py PORT DELAY_MS

It offers PIPELINING, and answers that belong to one write of the client leave together: a client
that waits for each answer pays the delay for each, one that does not pays it once.
"""

import asyncio
import sys

port, delay = int(sys.argv[1]), float(sys.argv[2]) / 1000


async def serve(reader, writer):
    due = asyncio.Queue()

    async def answers():
        while (item := await due.get()) is not None:
            at, text = item
            pause = at - asyncio.get_running_loop().time()
            if pause > 0:
                await asyncio.sleep(pause)
            writer.write(text)
            await writer.drain()

    def say(text):
        due.put_nowait((asyncio.get_running_loop().time() + delay, text))

    task = asyncio.create_task(answers())
    say(b"220 slow.example ESMTP\r\n")
    try:
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                say(b"250-slow.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
            elif verb == b"DATA":
                say(b"354 go\r\n")
                while await reader.readline() not in (b".\r\n", b""):
                    pass
                say(b"250 2.0.0 taken\r\n")
            elif verb == b"QUIT":
                say(b"221 bye\r\n")
                break
            else:
                say(b"250 2.1.0 ok\r\n")
    except ConnectionError:
        pass
    due.put_nowait(None)
    await task
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", port, limit=1 << 20)
    async with server:
        await server.serve_forever()


asyncio.run(main())
