"""Whether a limit is reached, and kept in every window: digest send against a server that notes
when each message arrives.

    python3 bench/rates.py [--digest target/release/digest] [--rates 50,200,500,1000,2000]
    python3 bench/rates.py --wire [--kills 3]

The time of a message is when its final dot has been read, by a clock that does not jump. "Most in
a second" is over all windows of one second, wherever they begin. The server shares the processors
with the sender: where the machine is busy, what it notes late looks early for the next window.
With `--wire` the times are those of tcpdump (as root): when the packet with the final dot left the
sender. Then each send is killed, as by `kill -9`, and goes on with the same command.
"""

import argparse
import asyncio
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Server(threading.Thread):
    """An SMTP server with PIPELINING that takes everything and notes when."""

    def __init__(self):
        super().__init__(daemon=True)
        self.times = []
        self.port = None
        self.ready = threading.Event()

    def run(self):
        asyncio.run(self.listen())

    async def listen(self):
        loop, times = asyncio.get_running_loop(), self.times

        class Session(asyncio.Protocol):
            def connection_made(self, transport):
                self.transport, self.rest, self.in_text = transport, b"", False
                transport.write(b"220 rates.example ESMTP\r\n")

            def data_received(self, data):
                now, answers = time.monotonic(), []
                self.rest += data
                while True:
                    if self.in_text:
                        text, dot, rest = self.rest.partition(b"\r\n.\r\n")
                        if not dot:
                            break
                        self.rest, self.in_text = rest, False
                        times.append(now)
                        answers.append(b"250 2.0.0 taken\r\n")
                        continue
                    line, end, rest = self.rest.partition(b"\r\n")
                    if not end:
                        break
                    self.rest = rest
                    answers.append(self.answer(line[:4].upper()))
                self.transport.write(b"".join(answers))

            def answer(self, verb):
                if verb == b"EHLO":
                    return b"250-rates.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
                if verb == b"DATA":
                    self.in_text = True
                    return b"354 go on\r\n"
                return b"221 2.0.0 bye\r\n" if verb == b"QUIT" else b"250 2.0.0 ok\r\n"

        server = await loop.create_server(Session, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        await server.serve_forever()


def most_in(times, seconds):
    """The most of the sorted times in a window of so many seconds."""
    first, most = 0, 0
    for last, at in enumerate(times):
        while at - times[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def final_dots(capture, port):
    """When each final dot left, in seconds, of a capture of the loopback (pcap, in microseconds)."""
    times, seen, at = [], set(), 24
    while at + 16 <= len(capture):
        second, micro, kept, _ = struct.unpack_from("<IIII", capture, at)
        packet, at = capture[at + 16 : at + 16 + kept], at + 16 + kept
        ip = packet[14:]
        segment = ip[(ip[0] & 15) * 4 : struct.unpack_from(">H", ip, 2)[0]]
        source, target, number = struct.unpack_from(">HHI", segment)
        text = segment[(segment[12] >> 4) * 4 :]
        # A dot that is sent once more is the same one.
        if target == port and b"\r\n.\r\n" in text and (source, number) not in seen:
            seen.add((source, number))
            times.append(second + micro / 1e6)
    return sorted(times)


def on_the_wire(line, port, seconds, kills, work):
    """Sends, is killed on the way, and goes on; when each final dot left, and the pauses of the kills."""
    capture = work / "wire.pcap"
    words = ["tcpdump", "-i", "lo", "-w", capture, "-U", "-B", "65536", "-s", "0", f"tcp port {port}"]
    dump = subprocess.Popen([str(word) for word in words], stderr=subprocess.PIPE, text=True)
    assert "listening" in dump.stderr.readline(), "tcpdump does not listen"
    for _ in range(kills):
        send = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(seconds / (kills + 1))
        send.kill()
        send.wait()
    done = subprocess.run(line + ["--uncertain", "resend"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    time.sleep(1)
    dump.terminate()
    told = dump.communicate()[1]
    assert " 0 packets dropped by kernel" in f" {told}".replace("\n", " "), told
    return final_dots(capture.read_bytes(), port)


def measure(digest, rate, seconds, connections, kills=None):
    """Messages a second, and the most in a second; `kills` asks for the times on the wire."""
    server = Server()
    server.start()
    server.ready.wait()
    with tempfile.TemporaryDirectory() as folder:
        work, count = pathlib.Path(folder), rate * seconds + 1
        for name in ("digest.toml", "issues", "theme"):
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, work / name)
        with open(work / "list.csv", "w", encoding="utf-8") as file:
            file.write("email,first_name,tags\n")
            file.writelines(f"reader{at}@d{at % 50}.example,Minji,\n" for at in range(count))
        line = [digest, "send", "2025-11", "--publication", work, "--subscribers", work / "list.csv"]
        line += ["--store", f"sqlite:{work / 'ledger.db'}", "--yes", "--json", "--connections", connections]
        line += ["--relay", f"smtp://127.0.0.1:{server.port}", "--limit", f"{rate}/second"]
        line = [str(word) for word in line]
        if kills is not None:
            times = on_the_wire(line, server.port, seconds, kills, work)
            assert len(times) >= count, f"{len(times)} of {count}"
            return (len(times) - 1) / (times[-1] - times[0]), most_in(times, 1.0)
        done = subprocess.run(line, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    times = sorted(server.times)
    assert len(times) == count, f"{len(times)} of {count}"
    return (count - 1) / (times[-1] - times[0]), most_in(times, 1.0)


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--digest", type=pathlib.Path, default=ROOT / "target/release/digest")
    words.add_argument("--rates", default="50,200,500,1000,2000")
    words.add_argument("--seconds", type=int, default=10)
    words.add_argument("--connections", type=int, default=4)
    words.add_argument("--wire", action="store_true", help="times by tcpdump, with kills")
    words.add_argument("--kills", type=int, default=3)
    args = words.parse_args()
    digest = args.digest.resolve()
    print(f"{os.cpu_count()} processors, load average {os.getloadavg()[0]:.1f} before\n")
    print("| Asked for | reached | | most in a second |")
    print("| ---: | ---: | ---: | ---: |")
    for rate in map(int, args.rates.split(",")):
        reached, most = measure(digest, rate, args.seconds, args.connections, args.kills if args.wire else None)
        print(f"| {rate:,}/s | {reached:,.1f}/s | {reached / rate:.3f} | {most:,} |", flush=True)
    print(f"\nload average {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
